import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** How soon an append by another process is noticed. */
const pollMs = 50;

interface Waiter {
  isDue(): boolean;
  wake(): void;
}

/**
 * Wakes readers: at once on a commit of this log, and for other processes by asking SQLite whether anybody else has
 * committed, as long as somebody waits.
 */
export class ChangeWatcher {
  readonly #waiters = new Set<Waiter>();
  readonly #dataVersion: StatementSync;
  readonly #refresh: () => void;
  #seenVersion = -1;
  #poll: NodeJS.Timeout | null = null;
  #isClosed = false;

  /** @param refresh asks the file anew for what `isDue` looks at */
  constructor(db: DatabaseSync, refresh: () => void) {
    this.#dataVersion = db.prepare('PRAGMA data_version');
    this.#refresh = refresh;
  }

  /** Resolves when `isDue` came true, the time is over, the signal is aborted or the log is closed. */
  async wait(isDue: () => boolean, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    if (this.#isClosed || signal?.aborted || timeoutMs <= 0 || isDue()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter = { isDue, wake: () => resolve() };
    const timer = setTimeout(waiter.wake, timeoutMs);
    signal?.addEventListener('abort', waiter.wake);
    this.#waiters.add(waiter);
    this.#poll ??= setInterval(() => this.#look(), pollMs);
    await promise;
    clearTimeout(timer);
    signal?.removeEventListener('abort', waiter.wake);
    this.#waiters.delete(waiter);
    if (this.#waiters.size === 0) this.#stopPolling();
  }

  /** This log has committed. */
  notify(): void {
    for (const waiter of this.#waiters) if (waiter.isDue()) waiter.wake();
  }

  close(): void {
    this.#isClosed = true;
    this.#stopPolling();
    for (const waiter of this.#waiters) waiter.wake();
  }

  #look(): void {
    try {
      const { data_version: version } = this.#dataVersion.get() as { data_version: number };
      if (version === this.#seenVersion) return;
      this.#seenVersion = version;
      this.#refresh();
      this.notify();
    } catch {
      // Whoever waits reads next, and is told there what is wrong.
      for (const waiter of this.#waiters) waiter.wake();
    }
  }

  #stopPolling(): void {
    if (this.#poll !== null) clearInterval(this.#poll);
    this.#poll = null;
  }
}
