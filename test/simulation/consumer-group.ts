import type { Log } from '#ports/log.ts';
import { intakeGroup } from '#services/accumulator/intakes.ts';
import { type Broker, documentPartitions } from './broker.ts';
import type { Life } from './life.ts';
import type { World } from './world.ts';

const sessionMs = 10_000;

interface Member {
  life: Life;
  connection: Log;
}

/** Who reads which partition of the documents: whoever has not been heard of for a session loses his. */
export class ConsumerGroup {
  readonly #world: World;
  readonly #broker: Broker;
  #members: Member[] = [];
  readonly #owners: (Member | null)[] = Array.from({ length: documentPartitions }, () => null);

  constructor(world: World, broker: Broker) {
    this.#world = world;
    this.#broker = broker;
  }

  join(life: Life, connection: Log): void {
    const member = { life, connection };
    this.#members.push(member);
    this.#assign(member);
  }

  /** Looks who is missing; sometimes partitions move without any reason. */
  check(): void {
    const { random, time } = this.#world;
    const isHeard = ({ life }: Member): boolean => time.now - life.beatAt < sessionMs;
    const alive = this.#members.filter(member => !member.life.isDead && isHeard(member));
    if (alive.length === 0) return;
    const isWhim = this.#world.fault(0.01, 'rebalance on a whim');
    const changed = new Set<Member>();
    for (const [partition, owner] of this.#owners.entries()) {
      if (owner && isHeard(owner) && !isWhim) continue; // a dead one is missed only after its session
      const next = random.pick(alive);
      if (owner) changed.add(owner);
      changed.add(next);
      this.#owners[partition] = next;
      this.#world.hit('rebalance');
    }
    for (const member of changed) this.#assign(member);
    this.#members = this.#members.filter(member => !member.life.isDead || this.#owners.includes(member));
  }

  #assign(member: Member): void {
    const partitions = [...this.#owners.keys()].filter(partition => this.#owners[partition] === member);
    this.#broker.cluster.assign(intakeGroup, 'documents', member.connection, partitions);
  }
}
