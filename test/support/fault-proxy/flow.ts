import type { Socket } from 'node:net';
import { KafkaRequests, keyOfRequest } from './kafka-requests.ts';
import { drawFrom, type LinkFaults } from './link-faults.ts';

export interface FlowOptions {
  from: Socket;
  to: Socket;
  random: () => number;
  /** Its pieces are the requests of a Kafka client, each whole. */
  isKafkaRequests: boolean;
  /** As they are now: they change while it flows. */
  faults(): LinkFaults;
  /** Asked before each piece goes on: how many of its bytes may pass, or none of them because they are swallowed. */
  admit(bytes: number): number | 'swallowed';
  onLate(): void;
  /** All that was admitted of the last piece has been written. */
  onPassed(): void;
}

/** Held beyond this, the sender is made to wait, as a full network would. */
const heldBytesMax = 1_048_576;

/** One way of a connection: pieces wait in a queue until their time has come, and so does the end. */
export class Flow {
  readonly #options: FlowOptions;
  readonly #held: { piece: Buffer | null; releaseOn: number }[] = [];
  #heldBytes = 0;
  #lastReleaseOn = 0;
  #timer: NodeJS.Timeout | null = null;
  #isStopped = false;
  readonly #requests = new KafkaRequests();

  constructor(options: FlowOptions) {
    this.#options = options;
    const { from, to } = options;
    from.on('data', (piece: Buffer) => {
      const pieces = options.isKafkaRequests ? this.#requests.take(piece) : [piece];
      for (const each of pieces) this.#hold(each);
    });
    from.on('end', () => {
      if (this.#requests.rest().length > 0) this.#hold(this.#requests.rest());
      this.#hold(null);
    });
    to.on('drain', () => this.#letRead());
  }

  /** Lets go what may go now; called again when the faults have changed. */
  pump(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    while (!this.#isStopped && !this.#options.faults().blackhole) {
      const [next] = this.#held;
      if (!next) return;
      const waitMs = next.releaseOn - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.pump(), waitMs);
        return;
      }
      this.#held.shift();
      this.#release(next.piece);
    }
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer) clearTimeout(this.#timer);
  }

  /** @param piece null: the end */
  #hold(piece: Buffer | null): void {
    const { random, from } = this.#options;
    const { delayMs, bytesPerSecond, lateRequests } = this.#options.faults();
    const bytes = piece?.byteLength ?? 0;
    const isLate = this.#options.isKafkaRequests && piece && lateRequests?.keys.includes(keyOfRequest(piece));
    const lateMs = isLate ? drawFrom(lateRequests?.delayMs ?? [0, 0], random) : 0;
    const arrivesOn = performance.now() + lateMs + (delayMs ? drawFrom(delayMs, random) : 0);
    if (isLate) this.#options.onLate();
    const sentMs = bytesPerSecond ? (bytes / bytesPerSecond) * 1_000 : 0;
    this.#lastReleaseOn = Math.max(this.#lastReleaseOn, arrivesOn) + sentMs;
    this.#held.push({ piece, releaseOn: this.#lastReleaseOn });
    this.#heldBytes += bytes;
    if (this.#heldBytes > heldBytesMax) from.pause();
    this.pump();
  }

  #release(piece: Buffer | null): void {
    const { to, admit, onPassed, from } = this.#options;
    this.#heldBytes -= piece?.byteLength ?? 0;
    const admitted = admit(piece?.byteLength ?? 0);
    if (admitted !== 'swallowed') {
      if (piece === null) to.end();
      else if (!to.write(piece.subarray(0, admitted))) from.pause();
      onPassed();
    }
    this.#letRead();
  }

  #letRead(): void {
    const { from, to } = this.#options;
    if (from.isPaused() && this.#heldBytes <= heldBytesMax && !to.writableNeedDrain) from.resume();
  }
}
