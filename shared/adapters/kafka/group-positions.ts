import type { GroupMembership } from './group-membership.ts';
import type { KafkaClient } from './kafka-client.ts';
import { codeOf, codes, KafkaError } from './kafka-error.ts';
import type { GroupPosition } from './kafka-transactions.ts';
import { offsetFetchRequest } from './offset-fetch-request.ts';
import { type Patience, withPatience } from './patience.ts';
import type { Place } from './place.ts';

export interface GroupPositionsOptions {
  client: KafkaClient;
  patience: Patience;
  /** Our own place in the group, if there is one. */
  membershipOf(group: string): GroupMembership | null;
  /** Commits as nobody: the broker takes it in a transaction whoever is in the group. */
  commitInTransaction(position: GroupPosition): Promise<void>;
}

const nobody = { memberId: '', generationId: -1 };

/** Positions as the committed offsets of groups. Whoever says one is right, also when it is no longer, or never was, a member. */
export class GroupPositions {
  readonly #options: GroupPositionsOptions;

  constructor(options: GroupPositionsOptions) {
    this.#options = options;
  }

  async commit(position: GroupPosition): Promise<void> {
    try {
      await this.#commitAsMember(position);
    } catch (error) {
      if (!isNoMember(error)) throw error;
      await this.#options.commitInTransaction(position);
    }
  }

  async read(group: string, place: Place): Promise<{ offset: number; metadata: string } | null> {
    const { client, patience } = this.#options;
    return withPatience(client, patience, async () => {
      const coordinator = await client.coordinator('group', group);
      const { error, offset, metadata } = await client.send(coordinator, offsetFetchRequest(group, place));
      if (error !== 0) throw new KafkaError(error, `position of ${group}`);
      return offset < 0 ? null : { offset, metadata: metadata ?? '' };
    });
  }

  #commitAsMember({ group, topic, partition, offset, metadata }: GroupPosition): Promise<void> {
    const { client, patience, membershipOf } = this.#options;
    return withPatience(client, patience, async () => {
      const { memberId, generationId } = membershipOf(group)?.member ?? nobody;
      const coordinator = await client.coordinator('group', group);
      await coordinator.offsetCommit({
        groupId: group,
        groupGenerationId: generationId,
        memberId,
        topics: [{ topic, partitions: [{ partition, offset: String(offset), metadata: metadata ?? null }] }],
      });
    });
  }
}

const noMember: ReadonlySet<number> = new Set([
  codes.unknownMember,
  codes.illegalGeneration,
  codes.rebalanceInProgress,
]);
const isNoMember = (error: unknown): boolean => noMember.has(codeOf(error) ?? 0);
