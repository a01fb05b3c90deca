import type { Claims } from '#core/claims.ts';
import {
  addToLane,
  closeReason,
  fits,
  isFull,
  keepInLane,
  type Lane,
  type LaneCloseReason,
  type LaneItem,
  type LaneSettings,
  openLane,
  splitLane,
} from '#core/lane.ts';
import { claimKey } from '#core/rid.ts';
import type { Clock } from '#ports/clock.ts';

/** An item and the lane it belongs to. */
export interface Placed {
  item: LaneItem;
  settings: LaneSettings;
}

export interface Closing {
  lane: Lane;
  reason: LaneCloseReason;
}

/** Lanes that fill, and those that are full or due and wait for the end of a round. Memory only. */
export class Lanes {
  readonly #clock: Clock;
  readonly #left: (item: LaneItem) => void;
  readonly #open = new Map<string, Lane>();
  /** Lanes that are full or due: sealed together at the end of a round, and kept until all that is in them is claimed. */
  #closing: Closing[] = [];
  /** Retries waiting in lanes, so that a row is not taken twice. Of first tries the watermark knows it. */
  readonly #waiting = new Set<string>();

  /** @param left is told of each item that is in no lane any more, because it is claimed or another's to seal */
  constructor(clock: Clock, left: (item: LaneItem) => void) {
    this.#clock = clock;
    this.#left = left;
  }

  get size(): number {
    return this.#open.size;
  }

  /** One that is open. */
  get(key: string): Lane | undefined {
    return this.#open.get(key);
  }

  open(): Iterable<Lane> {
    return this.#open.values();
  }

  get closing(): readonly Closing[] {
    return this.#closing;
  }

  /** @param key of `claimKey` */
  hasRetry(key: string): boolean {
    return this.#waiting.has(key);
  }

  /** Of all lanes, closing ones too. */
  held(): { items: number; bytes: number } {
    let items = 0;
    let bytes = 0;
    for (const lane of this.#all()) {
      items += lane.items.length;
      bytes += lane.cache ? 2 * lane.bytes : lane.bytes; // until it is planned, its texts are kept beside its bytes
    }
    return { items, bytes };
  }

  add({ settings, item }: Placed): void {
    let lane = this.#open.get(settings.key);
    while (lane && !fits(lane, item)) {
      this.#close(lane, 'bytes');
      lane = this.#open.get(settings.key);
    }
    if (lane === undefined) {
      lane = openLane(settings);
      this.#open.set(lane.key, lane);
    }
    // Of a lane that is open already nobody asks, and there are a hundred thousand documents a second.
    addToLane(lane, item, lane.items.length === 0 ? this.#clock.monotonic() : lane.openedAt);
    if (item.att > 0) this.#waiting.add(claimKey(item));
    if (isFull(lane)) this.#close(lane, 'count');
  }

  closeDue(isInputAtEnd: (lane: Lane) => boolean): void {
    const clock = this.#clock;
    for (const { key } of [...this.#open.values()]) {
      for (let lane = this.#open.get(key); lane; lane = this.#open.get(key)) {
        const moment = { now: clock.now(), monotonic: clock.monotonic(), isInputAtEnd: isInputAtEnd(lane) };
        const reason = closeReason(lane, moment);
        if (lane.items.length === 0) this.#open.delete(key);
        else if (reason) this.#close(lane, reason);
        else break;
      }
    }
  }

  /**
   * What waits for longer than a round must not hold on to the whole reply of which its bytes are a part. What is closing waits
   * only where it could not be sealed.
   */
  keepOwnBytes(of: 'open' | 'all'): void {
    for (const { items } of of === 'open' ? this.#open.values() : this.#all()) {
      for (const item of items) {
        if (item.value.byteLength < item.value.buffer.byteLength) item.value = new Uint8Array(item.value);
      }
    }
  }

  /** Nobody waits for siblings where there is no room to wait. */
  closePooled(): void {
    for (const lane of [...this.#open.values()]) if (lane.items.length >= lane.itemsMax) this.#close(lane, 'count');
  }

  dropPartition(partition: number): void {
    for (const lane of this.#all()) this.#keep(lane, item => item.partition !== partition);
  }

  /** Of the closing lanes, what nobody has claimed yet. */
  keepUnclaimed(claims: Claims): void {
    for (const { lane } of this.#closing) this.#keep(lane, item => !claims.has(item));
    this.#closing = this.#closing.filter(({ lane }) => lane.items.length > 0);
  }

  #all(): Lane[] {
    return [...this.#open.values(), ...this.#closing.map(({ lane }) => lane)];
  }

  #close(lane: Lane, reason: LaneCloseReason): void {
    const { batch, rest } = splitLane(lane);
    if (rest) this.#open.set(lane.key, rest);
    else this.#open.delete(lane.key);
    this.#closing.push({ lane: batch, reason });
  }

  #keep(lane: Lane, keep: (item: LaneItem) => boolean): void {
    if (lane.items.every(keep)) return;
    for (const item of lane.items) {
      if (keep(item)) continue;
      if (item.att > 0) this.#waiting.delete(claimKey(item));
      this.#left(item);
    }
    keepInLane(lane, keep, this.#clock.monotonic());
  }
}
