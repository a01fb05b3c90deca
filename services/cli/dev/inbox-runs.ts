import { mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Embedded } from '../embedded.ts';
import { toFlotillaErrors } from '../errors/render-error.ts';
import { changeFields } from '../run/change-line.ts';
import { runIdOf } from '../run/run-id.ts';
import { RunSession } from '../run/run-session.ts';

const runsAtOnceMax = 4;

/** Where answers of the inbox are written, beside it: `answers/<name>.answers.jsonl` and `answers/<name>.dead.jsonl`. */
export const answersFolder = 'answers';

export interface InboxRunsOptions {
  embedded: Embedded;
  task: string | null;
  signal: AbortSignal;
  /** One line for people. */
  say: (text: string) => void;
}

/** Every file becomes a run, a few at a time. What was run before is told from the log and bought by nobody again. */
export class InboxRuns {
  readonly #options: InboxRunsOptions;
  readonly #waiting: string[] = [];
  readonly #running = new Set<Promise<void>>();

  constructor(options: InboxRunsOptions) {
    this.#options = options;
  }

  get open(): number {
    return this.#waiting.length + this.#running.size;
  }

  add(path: string): void {
    this.#waiting.push(path);
    this.#startNext();
  }

  /** Resolves when no run is followed any more; what waits is taken up at the next start. */
  async stopped(): Promise<void> {
    this.#waiting.length = 0;
    await Promise.all(this.#running);
  }

  #startNext(): void {
    const { signal } = this.#options;
    while (!signal.aborted && this.#running.size < runsAtOnceMax) {
      const path = this.#waiting.shift();
      if (path === undefined) return;
      const running = this.#run(path).finally(() => {
        this.#running.delete(running);
        this.#startNext();
      });
      this.#running.add(running);
    }
  }

  /** Bad input or a full disk ends this run only; it is said, and the others go on. */
  async #run(path: string): Promise<void> {
    const { embedded, task, signal, say } = this.#options;
    const name = basename(path);
    try {
      const folder = join(dirname(path), answersFolder);
      await mkdir(folder, { recursive: true });
      const run = await runIdOf(path, task);
      say(`${name}: run ${run}`);
      const session = new RunSession({
        embedded,
        run,
        input: path,
        inputName: name,
        task,
        out: join(folder, name.replace(/\.jsonl$/, '.answers.jsonl')),
        deadLetters: join(folder, name.replace(/\.jsonl$/, '.dead.jsonl')),
        cap: null,
        signal,
        onSnapshot: () => {},
      });
      const { is, snapshot } = await session.execute();
      say(`${name}: ${is} ${changeFields(snapshot)}`);
    } catch (error) {
      const [first] = toFlotillaErrors(error);
      say(`${name}: failed, ${first?.code}: ${first?.why}`);
    }
  }
}
