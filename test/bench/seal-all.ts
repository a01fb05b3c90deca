/**
 * One accumulator over Kafka and Redis, without the bound on batches that wait for their create, which is another role's
 * pace. Called with brokers, URL of Redis, topic prefix, documents and documents per batch; prints how long they took from
 * the first read on to the seal of the last, and the CPU of all its threads.
 */
import { createBullmqWorkQueue } from '#adapters/bullmq/create-bullmq-work-queue.ts';
import { openKafkaLog } from '#adapters/kafka/open-kafka-log.ts';
import { createTelemetry } from '#adapters/pino/create-telemetry.ts';
import { openRedis } from '#adapters/redis/open-redis.ts';
import { openRedisPayloadStore } from '#adapters/redis/open-redis-payload-store.ts';
import { systemClock } from '#adapters/system/system-clock.ts';
import { systemIds } from '#adapters/system/system-ids.ts';
import { ensureFleet } from '#runtime/ensure-fleet.ts';
import { RecipeBook } from '#runtime/recipe-book.ts';
import { createRouting, laneBoundsDefault } from '#runtime/routing.ts';
import { ViewFollower } from '#runtime/view-follower.ts';
import { intakeGroup } from '#services/accumulator/intakes.ts';
import { Accumulator } from '#services/accumulator/service.ts';
import { holdHeap, workerOldBytesFree } from '#services/cli/hold-heap.ts';

holdHeap({ oldBytesFree: workerOldBytesFree });
const [brokers = '', url = '', topicPrefix = '', wanted = '0', perBatch = '100'] = process.argv.slice(2);
const account = 'anthropic';
const telemetry = createTelemetry({ level: 'warn', path: '-', process: 'intake' });
const log = await openKafkaLog({ brokers: brokers.split(','), topicPrefix });
const redis = await openRedis({ url });
const follower = new ViewFollower(log);
await ensureFleet({ log, follower, ids: systemIds });
const accumulator = new Accumulator({
  log,
  payloads: openRedisPayloadStore({ redis, prefix: topicPrefix }),
  queue: createBullmqWorkQueue({ redis, prefix: topicPrefix, accounts: [account], incarnation: 'intake' }),
  clock: systemClock,
  ids: systemIds,
  telemetry,
  follower,
  recipes: new RecipeBook(log),
  accounts: new Map(),
  routing: createRouting({
    tasks: new Map(),
    asIs: { account, lane: { ...laneBoundsDefault, itemsMax: Number(perBatch), ageMsMax: 1_000 } },
  }),
});
await log.assigned(intakeGroup, 'documents');
const startedOn = performance.now();
const startedWith = process.cpuUsage();
const sealedSoFar = (): number => follower.view.batches.values().reduce((sum, { items }) => sum + items.length, 0);
let sealed = 0;
for (;;) {
  const hasMore = await accumulator.runOnce();
  sealed = sealedSoFar();
  if (sealed >= Number(wanted)) break;
  if (!hasMore) await accumulator.waitForWork(new AbortController().signal);
}
const ms = performance.now() - startedOn;
const { user, system } = process.cpuUsage(startedWith);
process.stdout.write(`${JSON.stringify({ documents: sealed, ms, cpuMs: (user + system) / 1_000 })}\n`);
process.exit(0);
