import { parseArgs } from 'node:util';
import { isClean } from '#test/support/audit-run.ts';
import { fleetCommands, runFleetCommand } from './fleet-command.ts';
import { killRun } from './kill-run.ts';

const usage = `usage: npm run chaos -- kill-run [--kills 200] [--documents 20000] [--seed N] [--json]
       npm run chaos -- ${fleetCommands.join('|')} [--seconds N] [--faultless N] [--rate N] [--seed N]
           [--only TEXT] [--keep]
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kills: { type: 'string', default: '200' },
    documents: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    seconds: { type: 'string' },
    faultless: { type: 'string' },
    rate: { type: 'string' },
    only: { type: 'string' },
    keep: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

const [command = ''] = positionals;

if (fleetCommands.includes(command)) {
  const { seconds, faultless, rate, seed, only, keep } = values;
  process.exitCode = await runFleetCommand(command, { seconds, faultless, rate, seed, only, isKept: keep });
} else if (command !== 'kill-run') {
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
