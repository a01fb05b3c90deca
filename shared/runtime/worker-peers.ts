import { parseWorkerHint, workerHintEveryMs, workerHintPrefix } from '#contracts/worker-hint.ts';
import type { Clock } from '#ports/clock.ts';
import type { Hints } from '#ports/hints.ts';
import type { Loop } from './loop.ts';

/** Says whether a shard is settled by this process rather than by another one; only a hint, the fence decides. */
export interface ShardOwners {
  isOwn(shard: number): boolean;
}

/** What submitters hold back, as far as it is known; only a hint. */
export interface HeldBack {
  parked: number;
  /** Of these, by a cap of their run. */
  capped: number;
}

/**
 * The pollers that are alive, and which of them settles a shard: the one whose name and the shard's hash highest, so that
 * all agree without talking, and few shards move when one comes or goes. And what submitters elsewhere hold back.
 */
export class WorkerPeers implements ShardOwners {
  readonly #hints: Hints;
  readonly #name: string;
  readonly #clock: Clock;
  #pollers: readonly string[] = [];
  #heldBack: HeldBack = { parked: 0, capped: 0 };

  constructor(options: { hints: Hints; name: string; clock: Clock }) {
    this.#hints = options.hints;
    this.#name = options.name;
    this.#clock = options.clock;
  }

  isOwn(shard: number): boolean {
    return this.#pollers.every(name => name === this.#name || !isHigher(name, this.#name, shard));
  }

  /** The most that any other submitter holds back: each of them comes by every batch in time, so they say the same. */
  heldBack(): HeldBack {
    return this.#heldBack;
  }

  loop(): Loop {
    return {
      name: 'peers',
      round: async signal => {
        await this.refresh();
        await this.#clock.sleep(workerHintEveryMs, signal);
      },
    };
  }

  /** Without hints every shard is everybody's: the fence sorts it out. */
  async refresh(): Promise<void> {
    const found = await this.#hints.list(workerHintPrefix).catch(() => []);
    const workers = found.flatMap(({ value }) => parseWorkerHint(value) ?? []);
    this.#pollers = workers
      .filter(({ roles, isDraining }) => roles.includes('poller') && !isDraining)
      .map(({ worker }) => worker);
    const submitters = workers.filter(({ roles, worker }) => roles.includes('submitter') && worker !== this.#name);
    this.#heldBack = {
      parked: Math.max(0, ...submitters.map(({ parked }) => parked)),
      capped: Math.max(0, ...submitters.map(({ capped = 0 }) => capped)),
    };
  }
}

function isHigher(name: string, other: string, shard: number): boolean {
  const [a, b] = [weight(name, shard), weight(other, shard)];
  return a === b ? name > other : a > b;
}

/** FNV-1a of name and shard, mixed once more: names that differ in one digit would else be close. */
function weight(name: string, shard: number): number {
  let hash = 0x811c9dc5;
  const text = `${name}|${shard}`;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35) >>> 0;
  return (hash ^ (hash >>> 16)) >>> 0;
}
