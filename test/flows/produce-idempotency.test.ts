import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openFlotilla } from 'flotilla';
import { copyDocument, makeProject } from '#test/support/make-project.ts';
import { readInvoice } from '#test/support/read-invoice.ts';

describe('an idempotency key, on one machine', () => {
  it('sent 200 times is bought once: one answer, 199 duplicates that name it', async test => {
    const project = makeProject(test, { lane: { ageMs: 200 } });
    const fleet = await openFlotilla({ directory: project.folder });
    const sent = Array.from({ length: 200 }, (_, index) =>
      fleet.enqueue(copyDocument(`d${index}`), { task: 'copy', idempotencyKey: 'order-17' }),
    );
    const answers = await Promise.all(sent);
    await fleet.close();
    const [bought, ...more] = answers.filter(({ outcome }) => outcome === 'succeeded');
    assert.ok(bought);
    assert.equal(more.length, 0);
    assert.equal(new Set(answers.map(({ rid }) => rid)).size, 200, 'an answer for each');
    for (const answer of answers) {
      if (answer === bought) continue;
      assert.deepEqual([answer.outcome, answer.cause, answer.attempts], ['duplicate', 'duplicate', 0]);
      assert.equal(answer.message, `record ${bought.rid} holds its idempotency key`);
    }
    assert.equal(readInvoice(join(project.folder, '.flotilla', 'simulated')).length, 1);
  });
});
