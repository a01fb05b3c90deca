import type { World } from './world.ts';

/** What befalls a worker at a crash point. */
export type Fate = 'kill' | 'freeze' | null;

/** The one thing that happens in a run of the sweep. */
export interface SingleFault {
  label: string;
  /** Which pass of this label, from 1, over all workers. */
  visit: number;
  kind: 'kill' | 'freeze';
}

/** Chance by the kind of place: idle ones are passed far more often than those with an effect. */
const chances = {
  idle: { kill: 0.0004, freeze: 0.0003 },
  read: { kill: 0.0006, freeze: 0.0003 },
  effect: { kill: 0.003, freeze: 0.001 },
} as const;

export const placeOf = (label: string): keyof typeof chances => {
  if (label.includes('.waitForMore') || label.includes('.queue.take')) return 'idle';
  return /\.log\.(read|readAt|assigned|position)\b/.test(label) ? 'read' : 'effect';
};

/** A crash point, and how often it was passed. */
export interface CrashPoint {
  readonly label: string;
  readonly number: number;
  readonly place: keyof typeof chances;
  readonly isProvider: boolean;
  visits: number;
}

/** Decides at every crash point, and remembers how often each was passed. */
export class Fates {
  readonly points = new Map<string, CrashPoint>();
  readonly #world: World;
  readonly #single: SingleFault | null;

  constructor(world: World, single: SingleFault | null) {
    this.#world = world;
    this.#single = single;
  }

  /** One more pass of this label. */
  pass(label: string): CrashPoint {
    let point = this.points.get(label);
    if (!point) {
      const isProvider = label.startsWith('provider.');
      point = { label, number: this.points.size, place: placeOf(label), isProvider, visits: 0 };
      this.points.set(label, point);
    }
    point.visits += 1;
    return point;
  }

  fateAt({ label, visits, place }: CrashPoint): Fate {
    if (this.#single) {
      const { label: chosen, visit, kind } = this.#single;
      return chosen === label && visit === visits ? kind : null;
    }
    const { random, setting, hasFaults } = this.#world;
    if (!hasFaults) return null;
    const { kill, freeze } = chances[place];
    const drawn = random.unit();
    if (drawn < kill) return 'kill';
    return drawn - kill < (label === setting.freezeAt ? 0.05 : freeze) ? 'freeze' : null;
  }
}
