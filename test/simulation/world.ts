import type { Random } from './random.ts';
import { createRandom } from './random.ts';
import type { Setting } from './settings.ts';
import { VirtualTime } from './virtual-time.ts';

/** Wall clocks count from here: day and month turn in the middle of a run. */
export const epoch = Date.UTC(2026, 10, 30, 23, 58, 30);

/** What all parts of a run share: time, chance, what has happened and what was found wrong. */
export class World {
  readonly seed: number;
  readonly setting: Setting;
  readonly random: Random;
  readonly time = new VirtualTime();
  /** How often each kind of fault or event happened. */
  readonly fired = new Map<string, number>();
  readonly violations = new Set<string>();
  /** Batches that were ever held back by a cap. */
  readonly parkedBatches = new Set<string>();
  readonly lines: string[] | null;
  hash = 0x811c9dc5;

  constructor(options: { seed: number; setting: Setting; isTraced: boolean }) {
    this.seed = options.seed;
    this.setting = options.setting;
    this.random = createRandom(options.seed);
    this.lines = options.isTraced ? [] : null;
  }

  get hasFaults(): boolean {
    return this.setting.hasFaults && this.time.now < this.setting.faultsEndAt;
  }

  hit(name: string, count = 1): void {
    this.fired.set(name, (this.fired.get(name) ?? 0) + count);
  }

  /** True, and counted, when this fault happens now. */
  fault(probability: number, name: string): boolean {
    if (!this.hasFaults || !this.random.chance(probability)) return false;
    this.hit(name);
    return true;
  }

  /** One more step of the trace: the hash over these is what two runs of a seed must share. */
  pass(worker: number, labelNumber: number): void {
    const mixed = Math.imul(this.hash ^ ((this.time.now << 6) + worker), 0x01000193);
    this.hash = Math.imul(mixed ^ labelNumber, 0x01000193) >>> 0;
  }

  note(...words: readonly unknown[]): void {
    this.lines?.push([this.time.now.toFixed(0).padStart(7), ...words].join(' '));
  }

  violate(text: string): void {
    this.violations.add(text);
    this.note('VIOLATION', text);
  }
}
