import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { CrashHook } from '#runtime/crash-points.ts';
import { acceptsUnanswered, errored } from '#test/support/scripted-provider.ts';
import { TestFleet, type TestWorker } from '#test/support/test-fleet.ts';

const documents = 9;

/** Documents, a reject, a transient error, a refusal for size and an unanswered create, in batches of three. */
async function prepare(): Promise<TestFleet> {
  const fleet = new TestFleet({ lane: { itemsMax: 3 } });
  const { provider } = fleet;
  provider.creates.push(
    accept => {
      const pid = accept();
      provider.end(provider.batch(pid), ids =>
        ids.map((id, index) => errored(id, index === 0 ? 'transient' : 'document')),
      );
      return { status: 'created', pid, facts: provider.facts };
    },
    provider.refuses('too-large'),
    acceptsUnanswered,
  );
  await fleet.enqueue(4);
  await fleet.enqueue(1, { value: 'no json' });
  await fleet.enqueue(documents - 5, { prefix: 'more' });
  return fleet;
}

/** Until everything is answered and released, and some rounds more, in which nothing may be answered again. */
async function toTheEnd(fleet: TestFleet, worker: TestWorker): Promise<void> {
  const { view } = worker.follower;
  const isOver = (): boolean =>
    fleet.cluster.committed('results', 0).length >= documents && view.batches.size === 0 && view.retries.size === 0;
  await fleet.settleDown(worker, { forMs: 25 * 60_000, stepMs: 20_000, isOver });
  await fleet.settleDown(worker, { forMs: 60_000, stepMs: 20_000 });
}

/** Every point that the whole way passes, in order. */
async function passedLabels(): Promise<string[]> {
  const labels: string[] = [];
  const fleet = await prepare();
  await toTheEnd(fleet, await fleet.worker({ hook: label => void labels.push(label) }));
  fleet.assertAnsweredOnce(documents);
  return labels;
}

/** The first time that each label is passed, and a later one. */
function* faults(
  labels: readonly string[],
  { laterMax }: { laterMax: number },
): Generator<{ label: string; nth: number }> {
  for (const [label, passes] of Object.entries(Object.groupBy(labels, each => each))) {
    const times = passes?.length ?? 0;
    for (const nth of new Set([1, Math.min(times, laterMax)])) yield { label, nth };
  }
}

/** Calls `act` when a label is passed the n-th time. */
function atPass({ label, nth }: { label: string; nth: number }, act: () => Promise<never>): CrashHook {
  let passed = 0;
  return each => {
    if (each !== label) return;
    passed += 1;
    if (passed === nth) return act();
  };
}

describe('every crash point of the way', () => {
  it('a call that fails there, landed or not, loses and doubles nothing', async () => {
    const labels = await passedLabels();
    for (const fault of faults(labels, { laterMax: 1 })) {
      const fleet = await prepare();
      const hook = atPass(fault, () => Promise.reject(new FlotillaError('log-unavailable')));
      try {
        await toTheEnd(fleet, await fleet.worker({ hook }).catch(() => fleet.worker()));
        fleet.assertAnsweredOnce(documents);
      } catch (error) {
        throw new Error(`${fault.label} #${fault.nth}`, { cause: error });
      }
    }
  });

  it('A2: a worker that is killed there is followed by another, and nothing is lost or doubled', async () => {
    const labels = await passedLabels();
    assert.ok(new Set(labels).size > 60, 'all services are passed');
    for (const fault of faults(labels, { laterMax: 3 })) {
      const fleet = await prepare();
      const death = Promise.withResolvers<void>();
      const hook = atPass(fault, () => {
        death.resolve();
        return new Promise(() => {});
      });
      const life = (async () => toTheEnd(fleet, await fleet.worker({ hook })))();
      await Promise.race([life, death.promise]);
      if (fault.nth === 1) fleet.flushQueue(); // its queue died with it
      try {
        await toTheEnd(fleet, await fleet.worker());
        fleet.assertAnsweredOnce(documents);
      } catch (error) {
        throw new Error(`${fault.label} #${fault.nth}`, { cause: error });
      }
    }
  });
});
