import type { Log, ReadResult } from '#ports/log.ts';

const recordsPerRead = 1_000;

/**
 * Asks for the next records of a partition while those of another are parsed, or a batch is sealed. At most one read of a
 * partition; one whose partition was taken away, or that turns out to be at the end, is forgotten and costs a request.
 */
export class ReadAhead {
  readonly #log: Pick<Log, 'read'>;
  readonly #reads = new Map<number, { from: number; result: Promise<ReadResult> }>();

  constructor(log: Pick<Log, 'read'>) {
    this.#log = log;
  }

  start(partition: number, from: number): void {
    if (this.#reads.get(partition)?.from === from) return;
    const result = this.#read(partition, from);
    this.#reads.set(partition, { from, result });
    // Whoever waits for it is told. Who comes later asks anew: the log may be back.
    result.catch(() => {
      if (this.#reads.get(partition)?.result === result) this.#reads.delete(partition);
    });
  }

  async take(partition: number, from: number): Promise<ReadResult> {
    const started = this.#reads.get(partition);
    this.#reads.delete(partition);
    if (started?.from !== from) return this.#read(partition, from);
    const result = await started.result;
    // It was the end when it was asked for; a finite input may have been completed since.
    return result.isAtEnd ? this.#read(partition, from) : result;
  }

  forget(partition: number): void {
    this.#reads.delete(partition);
  }

  #read(partition: number, from: number): Promise<ReadResult> {
    return this.#log.read({ topic: 'documents', partition, from, recordsMax: recordsPerRead });
  }
}
