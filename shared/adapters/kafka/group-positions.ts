import type { GroupMembership } from './group-membership.ts';
import type { KafkaClient } from './kafka-client.ts';
import { codeOf, codes, KafkaError } from './kafka-error.ts';
import { offsetFetchRequest } from './offset-fetch-request.ts';
import { type Patience, withPatience } from './patience.ts';
import type { Place } from './place.ts';
import type { GroupPosition } from './positions-by-topic.ts';
import { positionsByTopic } from './positions-by-topic.ts';

export interface GroupPositionsOptions {
  client: KafkaClient;
  patience: Patience;
  /** Our own place in the group, if there is one. */
  membershipOf(group: string): GroupMembership | null;
  /** Commits as nobody: the broker takes them in a transaction whoever is in the group. */
  commitInTransaction(positions: readonly GroupPosition[]): Promise<void>;
}

const nobody = { memberId: '', generationId: -1 };

interface Waiting {
  position: GroupPosition;
  resolve(): void;
  reject(error: unknown): void;
}

/** Positions as the committed offsets of groups. Whoever says one is right, also when it is no longer, or never was, a member. */
export class GroupPositions {
  readonly #options: GroupPositionsOptions;
  /** Of each group, what was said in this turn. */
  readonly #waiting = new Map<string, Waiting[]>();

  constructor(options: GroupPositionsOptions) {
    this.#options = options;
  }

  /** What is said in one turn goes in one request: an accumulator says it of all its partitions, after each round. */
  commit(position: GroupPosition): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting = { position, resolve, reject };
    const others = this.#waiting.get(position.group);
    if (others) others.push(waiting);
    else {
      this.#waiting.set(position.group, [waiting]);
      void this.#commitSoon(position.group);
    }
    return promise;
  }

  async #commitSoon(group: string): Promise<void> {
    await null; // the others of this turn
    const waiting = this.#waiting.get(group) ?? [];
    this.#waiting.delete(group);
    try {
      await this.#commitAll(
        group,
        waiting.map(({ position }) => position),
      );
      for (const { resolve } of waiting) resolve();
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }

  async #commitAll(group: string, positions: readonly GroupPosition[]): Promise<void> {
    try {
      await this.#commitAsMember(group, positions);
    } catch (error) {
      if (!isNoMember(error)) throw error;
      await this.#options.commitInTransaction(positions);
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

  #commitAsMember(group: string, positions: readonly GroupPosition[]): Promise<void> {
    const { client, patience, membershipOf } = this.#options;
    return withPatience(client, patience, async () => {
      const { memberId, generationId } = membershipOf(group)?.member ?? nobody;
      const coordinator = await client.coordinator('group', group);
      await coordinator.offsetCommit({
        groupId: group,
        groupGenerationId: generationId,
        memberId,
        topics: positionsByTopic(positions),
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
