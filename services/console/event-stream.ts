import type { ServerResponse } from 'node:http';
import type { Clock } from '#ports/clock.ts';

export interface EventStreamOptions {
  /** The event's data: JSON on one line. */
  text: () => Promise<string>;
  clock: Clock;
  clientsMax?: number;
}

interface Client {
  response: ServerResponse;
  /** Monotonic time since when it has not taken what was written; null while it does. */
  stuckSince: number | null;
}

const clientsMaxDefault = 64;
const everyMs = 500;
/** Whoever takes nothing for so long has gone without a word. */
const stuckMsMax = 30_000;
/** How soon a browser comes back. */
const retryMs = 2_000;

/**
 * Server-sent events: each client gets the newest overview, never a backlog. A client that is slow misses the ones in
 * between; it does not fill our memory.
 */
export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #clients = new Set<Client>();
  #id = 0;

  constructor(options: EventStreamOptions) {
    this.#options = options;
  }

  get clients(): number {
    return this.#clients.size;
  }

  get hasRoom(): boolean {
    return this.#clients.size < (this.#options.clientsMax ?? clientsMaxDefault);
  }

  /** @param headers of the reply, beside those of an event stream */
  async add(response: ServerResponse, headers: Readonly<Record<string, string>>): Promise<void> {
    const client: Client = { response, stuckSince: null };
    this.#clients.add(client);
    response.on('close', () => this.#clients.delete(client));
    response.on('error', () => this.#clients.delete(client));
    response.on('drain', () => {
      client.stuckSince = null;
    });
    response.writeHead(200, {
      ...headers,
      'content-type': 'text/event-stream; charset=utf-8',
      'x-accel-buffering': 'no',
    });
    this.#write(client, `retry: ${retryMs}\n\n`);
    this.#write(client, this.#event(await this.#options.text()));
  }

  /** Until `signal` is aborted; then every client is let go. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, text } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(everyMs, signal);
      if (this.#clients.size === 0) continue;
      this.#dropStuck();
      // Sent whether or not it changed: that nothing changes is news too, and the heartbeat of the connection.
      const message = this.#event(await text());
      for (const client of this.#clients) if (client.stuckSince === null) this.#write(client, message);
    }
    for (const { response } of this.#clients) response.end();
    this.#clients.clear();
  }

  #event(text: string): string {
    this.#id += 1;
    return `id: ${this.#id}\nevent: overview\ndata: ${text}\n\n`;
  }

  #write(client: Client, message: string): void {
    if (client.response.writableEnded || client.response.destroyed) return;
    if (!client.response.write(message)) client.stuckSince = this.#options.clock.monotonic();
  }

  #dropStuck(): void {
    const now = this.#options.clock.monotonic();
    for (const { response, stuckSince } of this.#clients) {
      if (stuckSince !== null && now - stuckSince > stuckMsMax) response.destroy();
    }
  }
}
