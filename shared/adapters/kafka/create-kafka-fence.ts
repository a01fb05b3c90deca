import { setTimeout as sleep } from 'node:timers/promises';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Append, Fence, Position, Topic } from '#ports/log.ts';
import { toLogError } from './kafka-error.ts';
import type { KafkaTransactions } from './kafka-transactions.ts';
import type { GroupPosition } from './positions-by-topic.ts';

export interface KafkaFenceOptions {
  shard: number;
  /** Opened: whoever had the shard before can do nothing any more. */
  transactions: KafkaTransactions;
  topicName(topic: Topic): string;
  groupPosition(position: Position): GroupPosition;
}

const abortMs = 500;

/** Records lie in the log as soon as they are sent, hidden from readers until the commit. */
export function createKafkaFence({ shard, transactions, topicName, groupPosition }: KafkaFenceOptions): Fence {
  const where = `shard ${shard}`;
  let failure: FlotillaError | null = null;
  /** After an error nothing is certain about this holder: it is done with. */
  async function guarded(act: () => Promise<void>): Promise<void> {
    if (failure !== null) throw failure;
    try {
      await act();
    } catch (error) {
      failure = toLogError(error, where);
      throw failure;
    }
  }
  return {
    send: writes =>
      guarded(async () => {
        const placed = writes.filter(({ records }) => records.length > 0);
        await transactions.send(placed.map(({ topic, ...write }) => ({ ...write, topic: topicName(topic) })));
        const positions = writes.flatMap((write: Append) => write.positions ?? []);
        if (positions.length > 0) await transactions.sendPositions(positions.map(groupPosition));
      }),
    commit: () => guarded(() => transactions.commit()),
    async abort() {
      if (failure?.code === 'fenced') return; // whoever took the shard has aborted it already
      const aborted = transactions.abort().catch(() => {
        failure ??= new FlotillaError('log-unavailable', { where, isRetryable: true });
      });
      // After an error the next holder does it, or the broker: ended now, readers go on sooner, but nobody waits long for that.
      await (failure === null ? aborted : Promise.race([aborted, sleep(abortMs)]));
    },
  };
}
