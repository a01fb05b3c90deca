import { parseArgs } from 'node:util';
import { isClean } from '#test/support/audit-run.ts';
import { killRun } from './kill-run.ts';

const usage = 'usage: npm run chaos -- kill-run [--kills 200] [--documents 20000] [--seed N] [--json]\n';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kills: { type: 'string', default: '200' },
    documents: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});

if (positionals[0] !== 'kill-run') {
  process.stderr.write(usage);
  process.exitCode = 2;
} else {
  const report = await killRun({
    kills: Number(values.kills),
    documents: Number(values.documents),
    seed: Number(values.seed),
    onProgress: text => void process.stderr.write(`${text}\n`),
  });
  const { byLabel, examples, ...figures } = report;
  if (values.json) {
    process.stdout.write(`${JSON.stringify(report)}\n`);
  } else {
    console.table(figures);
    console.table(byLabel);
    for (const example of examples) console.log(example);
  }
  process.exitCode = isClean(report) ? 0 : 1;
}
