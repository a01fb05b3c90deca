import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { headerNames } from '#core/headers.ts';
import { startFleet, type TestFleet } from '#test/support/fleet-harness.ts';

let fleet: TestFleet;
const lane = { items: 50, ageMs: 1_000 };
const task = { model: 'claude-haiku-5-5', instructions: 'Summarise.', maxTokens: 64, lane };

before(async () => {
  const workers = [{ roles: ['accumulator', 'submitter'] as const }, { roles: ['poller', 'sweeper'] as const }];
  const shared = { ...task, answers: { cache: true } };
  fleet = await startFleet({
    workers: workers.map(spec => ({ ...spec, roles: [...spec.roles] })),
    config: { tasks: { shared, own: task } },
  });
  await fleet.ready();
});
after(() => fleet?.stop());

const lines = (prefix: string, count: number, of = 'shared'): object[] =>
  Array.from({ length: count }, (_, index) => {
    return { custom_id: `${prefix}${index}`, task: of, content: `Text number ${index % 10}.` };
  });

describe('answers given again in a fleet', () => {
  it('are bought once, whether they are in flight together or come later', async () => {
    await fleet.publish(lines('a', 40));
    await fleet.waitForResults(40);
    assert.equal(fleet.invoice().length, 10);
    await fleet.publish(lines('b', 30));
    const results = await fleet.waitForResults(70);
    assert.equal(fleet.invoice().length, 10);
    const reused = results.filter(({ headers }) => headers[headerNames.reusedFrom] !== undefined);
    assert.equal(reused.length, 60);
  });

  it('say what they have saved, by cache stats', async () => {
    const { stdout, code } = await fleet.flotilla(['cache', 'stats', '--json']);
    assert.equal(code, 0);
    const { cost_saved_usd: saved, time_saved_estimate_seconds: seconds, ...rest } = JSON.parse(stdout);
    assert.deepEqual(rest, {
      size: 10,
      max_size: 10_000,
      hits: 60,
      misses: 10,
      hit_rate_percent: 85.71,
      ttl_seconds: 86_400,
      requests_saved: 60,
    });
    assert.match(saved, /^0\.\d+$/);
    assert.ok(seconds >= 0);
  });

  it('leave documents of another task alone', async () => {
    await fleet.publish(lines('c', 20, 'own'));
    await fleet.waitForResults(90);
    assert.equal(fleet.invoice().length, 30);
  });

  it('audit to nothing lost, doubled or bought twice', async () => {
    const { verdict, figures } = await fleet.audit();
    assert.equal(verdict, 'clean');
    const { documents, answered, reused, boughtTwice } = figures;
    assert.deepEqual([documents, answered, reused, boughtTwice], [90, 90, 60, 0]);
  });
});
