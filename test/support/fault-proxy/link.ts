import { connect, type Socket } from 'node:net';
import { Flow } from './flow.ts';
import { drawFate, type Fate, type LinkFaults, type Way } from './link-faults.ts';

export interface LinkOptions {
  client: Socket;
  target: { host: string; port: number };
  random: () => number;
  isKafka: boolean;
  /** As they are now. */
  faults(): LinkFaults;
  /** A fate that has come about. */
  onFate(is: Exclude<Fate['is'], 'spared'>): void;
  onBytes(way: OneWay, bytes: number): void;
  /** A request was made to wait. */
  onLate(): void;
  onClosed(): void;
}

export type OneWay = Exclude<Way, 'both'>;

/** One connection through the proxy: two sockets, a flow each way, and what it is in for. */
export class Link {
  readonly #options: LinkOptions;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #flows: readonly Flow[];
  #fate: Fate;
  /** Passed since the fate was dealt, both ways together. */
  #bytes = 0;
  #hasFateCome = false;
  /** One side has gone while nothing could pass: the other is told when it can be. */
  #isResetHeld = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#client = options.client;
    this.#server = connect({ ...options.target, allowHalfOpen: true, noDelay: true });
    this.#fate = drawFate(options.faults(), options.random);
    this.#flows = [this.#flow('to-server'), this.#flow('to-client')];
    for (const socket of [this.#client, this.#server]) {
      socket.on('error', () => this.#onBroken());
      socket.on('close', () => this.#onSocketClosed());
    }
    this.#meetFate(); // it may be due before the first byte
  }

  /** The faults have changed: it is dealt a new fate, counted from here, and what was held may go. */
  refresh(): void {
    if (!this.#hasFateCome) {
      this.#fate = drawFate(this.#options.faults(), this.#options.random);
      this.#bytes = 0;
    }
    if (this.#isResetHeld) this.#onBroken();
    for (const flow of this.#flows) flow.pump();
  }

  reset(): void {
    for (const flow of this.#flows) flow.stop();
    for (const socket of [this.#client, this.#server]) if (!socket.destroyed) socket.resetAndDestroy();
  }

  #flow(way: OneWay): Flow {
    const { random, faults, onBytes, onLate, isKafka } = this.#options;
    const [from, to] = way === 'to-server' ? [this.#client, this.#server] : [this.#server, this.#client];
    return new Flow({
      from,
      to,
      random,
      isKafkaRequests: isKafka && way === 'to-server',
      faults,
      onLate,
      admit: bytes => {
        const admitted = this.#admit(way, bytes);
        if (admitted === 'swallowed') return admitted;
        this.#bytes += admitted;
        onBytes(way, admitted);
        return admitted;
      },
      onPassed: () => this.#meetFate(),
    });
  }

  #admit(way: OneWay, bytes: number): number | 'swallowed' {
    if (this.#fate.is === 'spared') return bytes;
    const isItsWay = this.#fate.is !== 'half-open' || this.#fate.way === 'both' || this.#fate.way === way;
    if (!isItsWay) return bytes;
    return this.#hasFateCome ? 'swallowed' : Math.min(bytes, Math.max(0, this.#fate.afterBytes - this.#bytes));
  }

  #meetFate(): void {
    if (this.#hasFateCome || this.#fate.is === 'spared' || this.#bytes < this.#fate.afterBytes) return;
    this.#hasFateCome = true;
    this.#options.onFate(this.#fate.is);
    if (this.#fate.is === 'reset') this.reset();
    if (this.#fate.is === 'cut') this.#cut();
  }

  /** What has passed still arrives; whatever they say from now on is thrown away. */
  #cut(): void {
    for (const flow of this.#flows) flow.stop();
    for (const socket of [this.#client, this.#server]) socket.end(() => socket.destroy());
  }

  #onBroken(): void {
    this.#isResetHeld = this.#options.faults().blackhole === true;
    const isSilent = this.#isResetHeld || (this.#hasFateCome && this.#fate.is === 'half-open');
    if (!isSilent) this.reset();
  }

  #onSocketClosed(): void {
    if (this.#client.destroyed && this.#server.destroyed) {
      for (const flow of this.#flows) flow.stop();
      this.#options.onClosed();
    } else if (this.#isOneSideGone()) {
      this.#onBroken();
    }
  }

  /** Closed without having ended well, or after both ends: there is nobody left to hear what the other still says. */
  #isOneSideGone(): boolean {
    const gone = this.#client.destroyed ? this.#client : this.#server;
    return gone.errored !== null || !gone.readableEnded || gone.writableFinished;
  }
}
