import { setTimeout as sleep } from 'node:timers/promises';
import protocol from 'kafkajs/src/consumer/assignerProtocol.js';
import { assignPartitions } from './assign-partitions.ts';
import type { KafkaClient } from './kafka-client.ts';
import { codeOf, codes } from './kafka-error.ts';
import type { Broker } from './kafkajs-types.ts';
import type { Note } from './note.ts';

export interface GroupMembershipOptions {
  /** Of its own: the broker keeps a connection waiting while the group gathers. */
  client: KafkaClient;
  /** As the broker calls them. */
  group: string;
  topic: string;
  partitionCount: number;
  sessionTimeoutMs: number;
  note: Note;
}

/** A member as the broker knows it; commits of positions carry it while the group has members. */
export interface MemberIdentity {
  memberId: string;
  generationId: number;
}

const { MemberMetadata, MemberAssignment } = protocol;
const protocolName = 'flotilla-sticky';
const heartbeatsPerSession = 4;
const pauseAfterFailureMs = 250;

/**
 * A place in a consumer group: out → joined → (rebalance) → joined, and out again when the broker has forgotten it. It fetches
 * nothing; it says which partitions this process reads. Partitions keep their generation while membership is unbroken, so what
 * stays here through a rebalance is not read again.
 */
export class GroupMembership {
  readonly #options: GroupMembershipOptions;
  #member: MemberIdentity | null = null;
  /** Kept between tries to join: the broker knows it by this. */
  #memberId = '';
  #assigned: { partition: number; generation: number }[] = [];
  #generation = 0;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #joined = Promise.withResolvers<void>();

  constructor(options: GroupMembershipOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  get assigned(): { partition: number; generation: number }[] {
    return this.#assigned;
  }

  get member(): MemberIdentity | null {
    return this.#member;
  }

  /** Resolves once it has its partitions, at the latest after `timeoutMs`. */
  async untilJoined(timeoutMs: number): Promise<void> {
    const timer = new AbortController();
    await Promise.race([this.#joined.promise, sleep(timeoutMs, null, { signal: timer.signal }).catch(() => {})]);
    timer.abort();
  }

  /** Leaves, so that the others need not wait for the end of its session. */
  async close(): Promise<void> {
    const member = this.#member;
    this.#stopping.abort();
    await this.#running;
    if (member === null) return;
    const { client, group } = this.#options;
    try {
      const coordinator = await client.coordinator('group', group);
      await coordinator.leaveGroup({ groupId: group, memberId: member.memberId });
    } catch {
      // its session ends by itself
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        const coordinator = await this.#options.client.coordinator('group', this.#options.group);
        await this.#join(coordinator);
        await this.#heartbeats(coordinator);
      } catch (error) {
        if (!signal.aborted) await this.#recover(error);
      }
    }
  }

  async #join(coordinator: Broker): Promise<void> {
    const { group, topic, sessionTimeoutMs } = this.#options;
    const owned = Buffer.from(JSON.stringify(this.#assigned.map(({ partition }) => partition)));
    const metadata = MemberMetadata.encode({ version: 1, topics: [topic], userData: owned });
    const joined = await coordinator.joinGroup({
      groupId: group,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: sessionTimeoutMs,
      memberId: this.#memberId,
      protocolType: 'consumer',
      groupProtocols: [{ name: protocolName, metadata }],
    });
    const { generationId, memberId, leaderId } = joined;
    const isUnbroken = this.#member?.memberId === memberId && this.#member.generationId + 1 === generationId;
    this.#memberId = memberId;
    const groupAssignment = leaderId === memberId ? this.#share(joined.members) : [];
    const { memberAssignment } = await coordinator.syncGroup({
      groupId: group,
      generationId,
      memberId,
      groupAssignment,
    });
    const partitions = MemberAssignment.decode(memberAssignment)?.assignment[topic] ?? [];
    this.#take(partitions, isUnbroken);
    this.#member = { memberId, generationId };
    this.#joined.resolve();
    this.#options.note('info', 'group-joined', { group, generation: generationId, partitions: partitions.length });
  }

  #take(partitions: readonly number[], isUnbroken: boolean): void {
    const before = new Map(this.#assigned.map(each => [each.partition, each]));
    this.#generation += 1;
    const fresh = (partition: number) => ({ partition, generation: this.#generation });
    this.#assigned = partitions.map(partition => (isUnbroken && before.get(partition)) || fresh(partition));
  }

  #share(members: readonly { memberId: string; memberMetadata: Buffer }[]) {
    const { topic, partitionCount } = this.#options;
    const known = members.map(({ memberId, memberMetadata }) => ({ id: memberId, owned: ownedBy(memberMetadata) }));
    return [...assignPartitions(known, partitionCount)].map(([memberId, partitions]) => ({
      memberId,
      memberAssignment: MemberAssignment.encode({ version: 1, assignment: { [topic]: partitions } }),
    }));
  }

  /** @throws what the coordinator says when the group gathers anew, or no longer knows us */
  async #heartbeats(coordinator: Broker): Promise<void> {
    const { group, sessionTimeoutMs } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted && this.#member !== null) {
      await sleep(sessionTimeoutMs / heartbeatsPerSession, null, { signal }).catch(() => {});
      if (signal.aborted) return;
      const { memberId, generationId } = this.#member;
      await coordinator.heartbeat({ groupId: group, groupGenerationId: generationId, memberId });
    }
  }

  async #recover(error: unknown): Promise<void> {
    const { client, group, note } = this.#options;
    switch (codeOf(error)) {
      case codes.rebalanceInProgress:
        return; // joins again, and keeps what it has until it knows better
      case codes.memberIdRequired:
        this.#memberId = (error as { memberId?: string }).memberId ?? '';
        return;
      case codes.unknownMember:
      case codes.illegalGeneration:
        note('warn', 'group-lost', { group, message: (error as Error).message });
        this.#memberId = '';
        this.#member = null;
        // Others have them now. What is read twice is only wasted, so there is no hurry to notice.
        this.#assigned = [];
        return;
      default:
        note('warn', 'group-unavailable', { group, message: (error as Error).message });
        await sleep(pauseAfterFailureMs, null, { signal: this.#stopping.signal }).catch(() => {});
        await client.refresh().catch(() => {});
    }
  }
}

/** What another program's member says it owns is not ours to read. */
function ownedBy(metadata: Buffer): number[] {
  try {
    const owned: unknown = JSON.parse(MemberMetadata.decode(metadata).userData?.toString() || '[]');
    return Array.isArray(owned) ? owned.filter(Number.isInteger) : [];
  } catch {
    return [];
  }
}
