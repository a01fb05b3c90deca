import { setTimeout as sleep } from 'node:timers/promises';
import type { FleetWorld } from './fleet-world.ts';
import { listOffsets } from './list-offsets.ts';

/** A partition with a transaction that nobody ends: nobody who reads committed records reads beyond it. */
export interface HangingPartition {
  topic: string;
  partition: number;
  /** Where readers stand. */
  offset: number;
  end: number;
}

/** An open transaction of a process that is gone is aborted by the broker after its timeout of 60 s. */
const timeoutMs = 90_000;

/** Waits until every transaction is over, as the broker itself would end it. @returns those that are not */
export async function hangingPartitions({ client, kafka, topic }: FleetWorld): Promise<HangingPartition[]> {
  const topics = ['results', 'dead-letters', 'settled'].map(topic);
  const giveUpOn = performance.now() + timeoutMs;
  for (;;) {
    const hanging: HangingPartition[] = [];
    for (const name of topics) {
      const query = { broker: kafka.brokers[0] as string, topic: name, partitions: await partitionsOf(client, name) };
      const committed = await listOffsets({ ...query, isolation: 'committed' });
      const all = await listOffsets({ ...query, isolation: 'all' });
      all.forEach((end, partition) => {
        const offset = committed[partition] as number;
        if (offset < end) hanging.push({ topic: name, partition, offset, end });
      });
    }
    if (hanging.length === 0 || performance.now() > giveUpOn) return hanging;
    await sleep(1_000);
  }
}

async function partitionsOf(client: FleetWorld['client'], topic: string): Promise<number> {
  const admin = client.admin();
  await admin.connect();
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics[0]?.partitions.length ?? 0;
  } finally {
    await admin.disconnect();
  }
}
