import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Append, Fence, Position, Topic } from '#ports/log.ts';
import { toLogError } from './kafka-error.ts';
import type { GroupPosition, KafkaTransactions } from './kafka-transactions.ts';

export interface KafkaFenceOptions {
  shard: number;
  /** Opened: whoever had the shard before can do nothing any more. */
  transactions: KafkaTransactions;
  topicName(topic: Topic): string;
  groupPosition(position: Position): GroupPosition;
}

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
      // Whoever takes the shard next aborts it too; ended now, readers need not wait for that.
      await transactions.abort().catch(() => {
        failure ??= new FlotillaError('log-unavailable', { where, isRetryable: true });
      });
    },
  };
}
