import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaLog } from '#adapters/kafka/kafka-log.ts';
import { openKafkaLog } from '#adapters/kafka/open-kafka-log.ts';
import type { Fence, Log } from '#ports/log.ts';
import { newRecord, readAllVisible, textOf } from '#test/conformance/log-fixture.ts';
import { freshTopicPrefix, type KafkaService, startKafka } from '#test/support/services/start-kafka.ts';
import { waitUntil } from '#test/support/wait-until.ts';

/** A writer that goes on through everything, and what it was told is written. */
interface Writing {
  acknowledged: string[];
  failed: number;
  done: Promise<void>;
}

describe('a broker that is killed', () => {
  let kafka: KafkaService;
  let log: KafkaLog;
  const topicPrefix = freshTopicPrefix();
  before(async () => {
    kafka = await startKafka({ isOwn: true, brokerSessionTimeoutMs: 6_000 });
    log = await openKafkaLog({ brokers: kafka.brokers, topicPrefix, partitions: { documents: 1, results: 1 } });
  });
  after(async () => {
    await log?.close();
    await kafka?.stop();
  });

  it('K3 loses and repeats nothing that was acknowledged, in appends and in transactions, and all goes on', async () => {
    const stopping = new AbortController();
    const appends = Array.from({ length: 4 }, (_, writer) => appendUntil(log, `append ${writer}`, stopping.signal));
    const settles = [0, 1].map(shard => settleUntil(log, shard, stopping.signal));
    const writers = [...appends, ...settles];
    const seen = tailUntil(log, stopping.signal);
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      await progress(writers);
      await kafka.kill(signal);
      await sleep(500);
      await kafka.restart();
    }
    await progress(writers);
    stopping.abort();
    await Promise.all(writers.map(({ done }) => done));
    await seen;

    const appended = (await readAllVisible(log, { topic: 'documents', partition: 0, from: 0 })).map(textOf);
    assertOnce(
      appended,
      appends.flatMap(({ acknowledged }) => acknowledged),
    );
    // Whoever takes the shards ends what a killed broker's coordinator may have left open.
    for (const shard of [0, 1]) await (await log.fence(shard)).abort();
    const settled = (await readAllVisible(log, { topic: 'results', partition: 0, from: 0 })).map(textOf);
    assertOnce(
      settled,
      settles.flatMap(({ acknowledged }) => acknowledged),
    );
    assert.deepEqual(await seen, appended.slice(0, (await seen).length), 'a reader saw the same while it happened');
  });
});

/** Every writer has been told twice more that something is written: the broker is back for all of them. */
async function progress(writers: readonly Writing[]): Promise<void> {
  const before = writers.map(({ acknowledged }) => acknowledged.length);
  const isThere = (): boolean =>
    writers.every(({ acknowledged }, index) => acknowledged.length >= (before[index] as number) + 20);
  await waitUntil('every writer goes on', isThere, { withinMs: 60_000 });
}

function appendUntil(log: Log, name: string, signal: AbortSignal): Writing {
  const writing: Writing = { acknowledged: [], failed: 0, done: Promise.resolve() };
  writing.done = (async () => {
    for (let number = 0; !signal.aborted; number++) {
      const text = `${name} ${number}`;
      try {
        await log.append({ topic: 'documents', partition: 0, records: [newRecord(text)] });
        writing.acknowledged.push(text);
      } catch {
        writing.failed += 1;
      }
    }
  })();
  return writing;
}

/** Settles as a poller does: after any error a new fence. */
function settleUntil(log: Log, shard: number, signal: AbortSignal): Writing {
  const writing: Writing = { acknowledged: [], failed: 0, done: Promise.resolve() };
  writing.done = (async () => {
    let fence: Fence | null = null;
    for (let number = 0; !signal.aborted; number++) {
      const text = `settle ${shard} ${number}`;
      try {
        fence ??= await log.fence(shard);
        await fence.send([
          { topic: 'results', partition: 0, records: [newRecord(text)] },
          { topic: 'settled', partition: shard, records: [newRecord(text)] },
        ]);
        await fence.commit();
        writing.acknowledged.push(text);
      } catch {
        await fence?.abort();
        fence = null;
        writing.failed += 1;
      }
    }
  })();
  return writing;
}

async function tailUntil(log: Log, signal: AbortSignal): Promise<string[]> {
  const texts: string[] = [];
  let from = 0;
  while (!signal.aborted) {
    try {
      const { records, nextOffset } = await log.read({ topic: 'documents', partition: 0, from, recordsMax: 1_000 });
      texts.push(...records.map(textOf));
      from = nextOffset;
      if (records.length === 0) await log.waitForMore([{ topic: 'documents', partition: 0, from }], 500, signal);
    } catch {
      await sleep(50);
    }
  }
  return texts;
}

/** A retried batch is recognised, so what was acknowledged is there once. What was not may be there or not, but once too. */
function assertOnce(texts: readonly string[], acknowledged: readonly string[]): void {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  assert.deepEqual(
    acknowledged.filter(text => !counts.has(text)),
    [],
    'lost',
  );
  assert.deepEqual(
    [...counts].filter(([, count]) => count > 1).map(([text]) => text),
    [],
    'repeated',
  );
}
