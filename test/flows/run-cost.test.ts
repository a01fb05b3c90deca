import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parseDollars } from '#core/money.ts';
import { billOf } from '#test/support/bill-of.ts';
import { copyDocument, copyTask, makeProject, type Project } from '#test/support/make-project.ts';

interface CostRow {
  task?: string | null;
  model?: string | null;
  billedUsd: string;
  wasteUsd: string;
  counts: { documents: number; bought: number; retries: number; truncated: number };
}
interface CostJson {
  rows: CostRow[];
  total: CostRow & { individualUsd: string; batchUsd: string; cacheSavedUsd: string; savedUsd: string };
}

const faults = { 'item-truncated': 0.1, 'item-refusal': 0.05, 'item-transient': 0.1, 'item-invalid-output': 0.1 };
const sonnet = 'claude-sonnet-5-5';
const summarise = { model: sonnet, instructions: 'Say it shorter.', maxTokens: 200, lane: { items: 20 } };

/** Documents of two tasks, and some as they are, through a simulator that spoils every third. */
function writeMixed(project: Project): void {
  project.writeDocuments([
    ...Array.from({ length: 120 }, (_, index) => copyDocument(`c-${index}`)),
    ...Array.from({ length: 60 }, (_, index) => {
      return { custom_id: `s-${index}`, task: 'summarise', content: `The harbour was built in ${1_800 + index}.` };
    }),
    ...Array.from({ length: 40 }, (_, index) => {
      const messages = [{ role: 'user', content: `Say hello to ${index}.` }];
      return { custom_id: `p-${index}`, params: { model: 'claude-haiku-5-5', max_tokens: 8, messages } };
    }),
  ]);
}

const amountOf = (usd: string): number => parseDollars(usd) ?? Number.NaN;

async function costOf(project: Project, ...args: string[]): Promise<CostJson> {
  const { code, stdout, stderr } = await project.flotilla(['cost', '--json', ...args]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as CostJson;
}

describe('flotilla cost', { concurrency: true }, () => {
  it('says what the invoice says, in the smallest unit: by task, by model, retries and waste included', async test => {
    const quick = { delaysMs: [100, 100, 100], jitter: 0 };
    const project = makeProject(test, {
      tasks: { copy: { ...copyTask, retry: quick }, summarise: { ...summarise, retry: quick } },
      simulator: { faults },
    });
    writeMixed(project);
    const run = await project.run('--allow-failures', '100%');
    assert.equal(run.code, 0, run.stderr);
    const invoice = project.invoice();
    const { total, rows } = await costOf(project);
    assert.equal(amountOf(total.billedUsd), billOf(invoice));
    assert.equal(total.counts.bought, invoice.length);
    assert.ok(total.counts.retries > 0 && total.counts.truncated > 0 && amountOf(total.wasteUsd) > 0);
    assert.equal(amountOf(total.billedUsd), amountOf(total.batchUsd) - amountOf(total.cacheSavedUsd));
    assert.deepEqual(rows.map(({ task }) => task).sort(), ['copy', 'summarise', null].sort());
    assert.equal(
      rows.reduce((sum, row) => sum + amountOf(row.billedUsd), 0),
      billOf(invoice),
    );
    const succeeded = project.answers().filter(({ outcome }) => outcome === 'succeeded');
    assert.equal(total.counts.documents, succeeded.length);

    const byModel = await costOf(project, '--by', 'model');
    for (const row of byModel.rows) {
      assert.equal(
        amountOf(row.billedUsd),
        billOf(invoice.filter(({ model }) => model === row.model)),
        String(row.model),
      );
    }

    const path = project.path('focus.csv');
    await costOf(project, '--by', 'day', '--focus', path);
    const [, ...records] = readFileSync(path, 'utf8').trimEnd().split('\r\n');
    const billed = records.map(record => amountOf(record.split(',')[1] ?? ''));
    assert.equal(
      billed.reduce((sum, cost) => sum + cost, 0),
      billOf(invoice),
    );

    const again = await project.run('--allow-failures', '100%');
    assert.equal(again.code, 0, again.stderr);
    assert.equal(amountOf((await costOf(project)).total.billedUsd), billOf(invoice), 'told again, nothing is bought');
  });

  it('where nothing was run says so, and leaves nothing behind', async test => {
    const project = makeProject(test);
    const { code, stderr } = await project.flotilla(['cost']);
    assert.equal(code, 2);
    assert.match(stderr, /nothing was run there yet/);
    assert.equal(existsSync(project.path('.flotilla')), false);
  });

  it('where nothing was bought says that', async test => {
    const project = makeProject(test);
    project.writeDocuments(['{"custom_id":"a","task":"sumarise","content":"x"}']);
    await project.run('--allow-failures', '1');
    const { code, stdout } = await project.flotilla(['cost']);
    assert.deepEqual([code, stdout], [0, 'nothing was bought\n']);
  });

  it('has no colour under NO_COLOR', async test => {
    const project = makeProject(test);
    project.writeDocuments([copyDocument('a')]);
    await project.run();
    const { stdout } = await project.flotilla(['cost'], { env: { NO_COLOR: '1' } });
    assert.equal(stdout.includes('\u001b'), false);
    assert.match(stdout, /simulated: no key is configured/);
  });
});
