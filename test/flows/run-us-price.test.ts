import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseDollars } from '#core/money.ts';
import { billOf } from '#test/support/bill-of.ts';
import { makeProject } from '#test/support/make-project.ts';

const documents = Array.from({ length: 40 }, (_, number) => ({
  custom_id: `d${number}`,
  params: {
    model: 'claude-haiku-5-5',
    max_tokens: 60,
    ...(number % 2 === 0 ? { inference_geo: 'us' } : {}),
    messages: [{ role: 'user', content: `Say what harbour number ${number} is for. `.repeat(1 + (number % 7)) }],
  },
}));

describe('requests that must stay in one country', () => {
  it('cost a tenth more: in the estimate, under the reserve, and in the ledger as on the invoice', async test => {
    const project = makeProject(test);
    project.writeDocuments(documents);
    const said = await project.flotilla(['estimate', 'documents.jsonl', '--json']);
    const { batchUsd } = JSON.parse(said.stdout) as { batchUsd: Record<'expected' | 'high', string> };
    const ended = await project.flotilla(['run', 'documents.jsonl', '--json', '--max-cost', batchUsd.high]);
    assert.equal(ended.code, 0, ended.stderr);
    const { costUsd } = JSON.parse(ended.stdout) as { costUsd: string };
    const bill = billOf(project.invoice());
    assert.equal(parseDollars(costUsd), bill);
    const expected = parseDollars(batchUsd.expected) ?? Number.NaN;
    assert.ok(Math.abs(expected / bill - 1) < 0.02, `${batchUsd.expected} expected`);
  });
});
