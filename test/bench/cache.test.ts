import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Usage } from '#core/cost.ts';
import { CacheLessons } from '#core/prompt-cache/cache-lessons.ts';
import { type CachePlan, marksSent } from '#core/prompt-cache/cache-plan.ts';
import { markRequest } from '#core/prompt-cache/mark-request.ts';
import { primeRequest } from '#core/prompt-cache/prime-request.ts';
import { promptBlocks } from '#core/prompt-cache/prompt-blocks.ts';
import { SimulatorMachine } from '#services/simulator/machine/simulator-machine.ts';
import { createMemoryStore } from '#services/simulator/store/memory-store.ts';
import { measureNeverDearer } from './cache-never-dearer.ts';
import { plannedStrategy } from './cache-planned.ts';
import { measurePrimed } from './cache-primed.ts';
import { primeMs } from './cache-provider.ts';
import { type CacheAct, runWorkload } from './cache-run.ts';
import { measureSavings } from './cache-savings.ts';
import { arrivalTimes, type CacheWorkload } from './cache-workload.ts';

/** The short form of `npm run bench -- cache`, with its targets. */
describe('cache markers, on virtual time', () => {
  it('save what a clairvoyant would, by invoice', () => {
    const { groups } = measureSavings({ seed: 3, sizes: [5, 20, 100], workloadsEach: 1, withOmniscient: false });
    const [all] = groups;
    assert.ok((all?.shareByInvoice ?? 0) >= 0.95, JSON.stringify(all));
  });

  it('never cost more than none', () => {
    const { groups } = measureNeverDearer({ seed: 2, workloads: 100, batches: { min: 50, max: 400 } });
    const [all] = groups;
    assert.ok(all && all.total <= 0.001 && all.worst <= 0.01 && (all.after200 ?? 1) <= 0, JSON.stringify(all));
    const unfriendly = groups.filter(({ kind }) => kind === 'unique' || kind === 'below minimum');
    for (const { total } of unfriendly) assert.ok(total <= 0.001, JSON.stringify(unfriendly));
  });

  it('take a primed batch of 100 for an eighth', () => {
    const { below, plan } = measurePrimed({ seed: 1, seeds: 4 });
    assert.equal(plan, '5m, primed');
    assert.ok(below >= 0.86, `${below}`);
  });
});

const tokensPerText = { prefix: 4_200, document: 25 };

const workload: CacheWorkload = {
  name: 'both ways',
  seed: 11,
  model: 'claude-haiku-4-5',
  batchItems: 6,
  prefixTokens: tokensPerText.prefix,
  documentTokens: tokensPerText.document,
  outputTokens: 0,
  sealedAt: arrivalTimes('bursty', 25, 11),
  arrivals: 'bursty',
  prefixes: 'shared',
  hitShare: 0.7,
  latency: { minMs: 20_000, maxMs: 400_000 },
};

const bodyOf = (batch: number, item: number): string =>
  JSON.stringify({
    model: workload.model,
    max_tokens: 50,
    system: 'abcd'.repeat(tokensPerText.prefix),
    messages: [{ role: 'user', content: `${batch}/${item} `.padEnd(tokensPerText.document * 4, 'x') }],
  });

describe('the provider of the bench', () => {
  it('bills the tokens that the whole simulator bills, for the requests that are really sent', () => {
    const acts: CacheAct[] = [];
    const planned = plannedStrategy(workload, new CacheLessons());
    const usages: Usage[][] = [];
    runWorkload(workload, {
      act(moment) {
        const act = planned.act(moment);
        acts.push(act);
        return act;
      },
      settled(batch) {
        planned.settled?.(batch);
        usages[batch.index] = [...batch.usages];
      },
    });
    assert.ok(acts.some(({ ttl }) => ttl !== null) && acts.some(({ prime }) => prime));
    const billed = billedByMachine(acts);
    assert.deepEqual(
      billed.batches,
      usages.map(items =>
        items.map(({ cacheRead, cacheWrite5m, cacheWrite1h, input }) => [input, cacheRead, cacheWrite5m, cacheWrite1h]),
      ),
    );
    assert.equal(billed.primes, acts.filter(({ prime }) => prime).length);
  });
});

/** The same acts as plans, marked and primed requests, at the machine itself. */
function billedByMachine(acts: readonly CacheAct[]): { batches: number[][][]; primes: number } {
  const { seed, hitShare: cacheHitShare, latency, batchItems } = workload;
  const machine = new SimulatorMachine({ store: createMemoryStore(), seed, cacheHitShare, latency });
  const caller = { workspace: 'bench', version: '2026-10-21' } as const;
  for (const [index, sealedAt] of workload.sealedAt.entries()) {
    const bodies = Array.from({ length: batchItems }, (_, item) => bodyOf(index, item));
    const plan = planOf(acts[index], bodies[0] ?? '');
    let now = sealedAt;
    for (const mark of marksSent(plan).filter(({ prime }) => prime)) {
      const params = JSON.parse(primeRequest(bodies[0] ?? '', mark) ?? '');
      assert.equal(machine.createMessage({ ...caller, now, params }).status, 'done');
      now += primeMs;
    }
    const items = bodies.map((body, item) => ({ customId: `${index}-${item}`, params: markRequest(body, plan) }));
    assert.equal(machine.createBatch({ ...caller, now, items }).status, 'done');
  }
  const { rows } = machine.invoicePage({ now: (workload.sealedAt.at(-1) ?? 0) + 86_400_000, limit: 10_000 });
  const batches: number[][][] = [];
  for (const row of rows) {
    const [batch, item] = (row.customId ?? '').split('-').map(Number);
    if (row.customId === null || batch === undefined || item === undefined) continue;
    batches[batch] ??= [];
    const { inputTokens, cacheReadTokens, cacheWrite5mTokens, cacheWrite1hTokens } = row;
    (batches[batch] as number[][])[item] = [inputTokens, cacheReadTokens, cacheWrite5mTokens, cacheWrite1hTokens];
  }
  return { batches, primes: rows.filter(({ customId }) => customId === null).length };
}

function planOf(act: CacheAct | undefined, body: string): CachePlan | null {
  const [position] = promptBlocks(body).positions;
  if (!act?.ttl || !position) return null;
  return { use: 'marked', marks: [{ depth: 1, hash: position.hash, ttl: act.ttl, prime: act.prime }] };
}
