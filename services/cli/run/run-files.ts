import type { Log } from '#ports/log.ts';
import { AnswersFile } from './answers-file.ts';

export interface RunFilesOptions {
  log: Log;
  run: string;
  /** Null: not written, only counted. */
  out: string | null;
  deadLetters: string | null;
  /** A lock among processes, by name; null while somebody has it. */
  acquireLock: (name: string) => { release(): void } | null;
}

/** What a run writes: its answers, and the failed ones once more. One process at a time writes both. */
export class RunFiles {
  readonly answers: AnswersFile;
  readonly deadLetters: AnswersFile;

  constructor({ out, deadLetters, ...shared }: RunFilesOptions) {
    this.answers = new AnswersFile({ ...shared, topic: 'results', path: out });
    this.deadLetters = new AnswersFile({ ...shared, topic: 'dead-letters', path: deadLetters });
  }

  /** False while another process writes them. */
  get areOpen(): boolean {
    return this.answers.isOpen && this.deadLetters.isOpen;
  }

  /**
   * Takes them over unless another process writes them. In this order and no other: two processes that each had one of
   * the two would wait for each other for ever.
   */
  async open(options: { isAnew?: boolean } = {}): Promise<void> {
    await this.answers.open(options);
    if (this.answers.isOpen) await this.deadLetters.open(options);
  }

  /** Writes what has come since. @returns how many records that were */
  async project(): Promise<number> {
    return (await this.answers.project()) + (await this.deadLetters.project());
  }

  async close(): Promise<void> {
    await this.answers.close();
    await this.deadLetters.close();
  }
}
