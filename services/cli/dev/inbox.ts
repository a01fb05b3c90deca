import { type FSWatcher, watch } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A file is taken once its size and time have not changed for so long: whoever copies it in may still be writing. */
const quietMs = 1_000;
/** Not every file system tells of changes. */
const lookEveryMs = 2_000;

interface Seen {
  size: number;
  changedAt: number;
  /** When this state of it was seen first. */
  since: number;
  isTaken: boolean;
}

export interface InboxOptions {
  folder: string;
  /** Called once for each complete state of a file. */
  onFile: (path: string) => void;
  now: () => number;
}

/** Watches a folder for `*.jsonl` files. A file that is changed later is taken again. */
export class Inbox {
  readonly #options: InboxOptions;
  readonly #seen = new Map<string, Seen>();
  #watcher: FSWatcher | null = null;
  #timer: NodeJS.Timeout | null = null;
  #look: Promise<void> = Promise.resolve();

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { folder } = this.#options;
    await mkdir(folder, { recursive: true });
    this.#watcher = watch(folder, () => this.#lookSoon(quietMs / 4));
    this.#watcher.on('error', () => {}); // the timer goes on looking
    await this.runOnce();
    this.#lookSoon(quietMs);
  }

  stop(): void {
    this.#watcher?.close();
    if (this.#timer) clearTimeout(this.#timer);
    this.#watcher = null;
    this.#timer = null;
  }

  /** One look at the folder: what has been quiet long enough is handed out. */
  async runOnce(): Promise<void> {
    const { folder, onFile, now } = this.#options;
    const names = (await readdir(folder)).filter(name => name.endsWith('.jsonl') && !name.startsWith('.'));
    for (const name of this.#seen.keys()) if (!names.includes(name)) this.#seen.delete(name);
    for (const name of names) {
      const path = join(folder, name);
      const facts = await stat(path).catch(() => null);
      if (!facts?.isFile()) continue;
      const known = this.#seen.get(name);
      const isSame = known?.size === facts.size && known.changedAt === facts.mtimeMs;
      if (!known || !isSame) {
        // What has lain here for a while when we come is complete.
        const since = known ? now() : Math.min(now(), facts.mtimeMs);
        this.#seen.set(name, { size: facts.size, changedAt: facts.mtimeMs, since, isTaken: false });
      }
      const seen = this.#seen.get(name) as Seen;
      if (seen.isTaken || now() - seen.since < quietMs) continue;
      seen.isTaken = true;
      onFile(path);
    }
  }

  #lookSoon(delayMs: number): void {
    if (!this.#watcher) return;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#look = this.#look
        .then(() => this.runOnce())
        .catch(() => {}) // the folder is away for a moment
        .then(() => this.#lookSoon(lookEveryMs / 2));
    }, delayMs);
  }
}
