/** Whose event it is: nothing happens to the dead, and to the frozen only later. */
export interface TimeOwner {
  isDead: boolean;
  frozeAt: number;
  frozenUntil: number;
}

export interface TimedEvent {
  at: number;
  sequence: number;
  owner: TimeOwner | null;
  /** Null once taken back. */
  run: (() => void) | null;
}

const eventsPerTurn = 200;

/**
 * The queue of everything that will happen, and the only way time passes. Between two events all microtasks run, so what
 * an event sets off has come to rest before the next one: a run is a function of its seed.
 */
export class VirtualTime {
  now = 0;
  steps = 0;
  #sequence = 0;
  readonly #heap: TimedEvent[] = [];

  at(at: number, run: () => void, owner: TimeOwner | null = null): TimedEvent {
    this.#sequence += 1;
    const event = { at: Math.max(Math.ceil(at), this.now), sequence: this.#sequence, owner, run };
    this.#push(event);
    return event;
  }

  later(ms: number, run: () => void, owner: TimeOwner | null = null): TimedEvent {
    return this.at(this.now + Math.max(0, ms), run, owner);
  }

  /** Resolves after `ms`, or at once when `signal` is aborted; never for an owner that died. */
  sleep(ms: number, { signal, owner = null }: { signal?: AbortSignal | undefined; owner?: TimeOwner | null } = {}) {
    return new Promise<void>(resolve => {
      if (signal?.aborted) return resolve();
      const event = this.later(
        ms,
        () => {
          signal?.removeEventListener('abort', wake);
          resolve();
        },
        owner,
      );
      const wake = (): void => {
        event.run = null;
        resolve();
      };
      signal?.addEventListener('abort', wake, { once: true });
    });
  }

  /** Lets events happen, one after the other, until `isOver` or nothing is left. */
  run(isOver: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      let isDone = false;
      const step = (): void => {
        if (isDone) return;
        try {
          isDone = isOver() || !this.#next();
          if (isDone) resolve();
        } catch (error) {
          isDone = true;
          reject(error);
        }
      };
      // Node drains the microtasks between two immediates; many in one turn spare the trip through the event loop.
      const turn = (): void => {
        for (let count = 0; count < eventsPerTurn; count++) setImmediate(step);
        setImmediate(() => {
          if (!isDone) turn();
        });
      };
      turn();
    });
  }

  #next(): boolean {
    for (;;) {
      const event = this.#pop();
      if (!event) return false;
      if (event.run === null || event.owner?.isDead) continue;
      this.now = event.at;
      if (event.owner && event.owner.frozenUntil > this.now) {
        // In the order in which they would have come, after the thaw.
        event.at = event.owner.frozenUntil + Math.max(0, event.at - event.owner.frozeAt);
        this.#push(event);
        continue;
      }
      this.steps += 1;
      event.run();
      return true;
    }
  }

  #push(event: TimedEvent): void {
    const heap = this.#heap;
    let index = heap.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >>> 1;
      if (!isBefore(event, heap[parent] as TimedEvent)) break;
      heap[index] = heap[parent] as TimedEvent;
      index = parent;
    }
    heap[index] = event;
  }

  #pop(): TimedEvent | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (!last || last === first) return first;
    let index = 0;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as TimedEvent, heap[child] as TimedEvent)) child += 1;
      if (!isBefore(heap[child] as TimedEvent, last)) break;
      heap[index] = heap[child] as TimedEvent;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

const isBefore = (left: TimedEvent, right: TimedEvent): boolean =>
  left.at < right.at || (left.at === right.at && left.sequence < right.sequence);
