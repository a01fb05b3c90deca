import type { MessageBatch } from './read-message-batch.ts';

/** As many as one page of a list shows. */
const rememberedMax = 1_000;

/** A batch that has ended and has results: nothing about it changes any more. */
export interface EndedBatch extends Pick<MessageBatch, 'pid' | 'lineCount'> {
  endedAt: number;
  resultsUrl: string;
}

/** @returns null when it has not ended, or has no results to give */
export function endedOf({ pid, lineCount, endedAt, resultsUrl }: MessageBatch): EndedBatch | null {
  return endedAt === null || resultsUrl === null ? null : { pid, lineCount, endedAt, resultsUrl };
}

/**
 * The ended batches that lists have shown lately, and whose they were: their results are fetched without asking for the
 * batch again. Given once: a read that fails asks the provider, which may say that the results are gone.
 */
export class EndedBatches {
  /** Null: given already. */
  readonly #known = new Map<string, { batch: EndedBatch; owner: string } | null>();

  remember(batches: readonly MessageBatch[], owner: string): void {
    for (const listed of batches) {
      const batch = endedOf(listed);
      if (batch !== null && !this.#known.has(batch.pid)) this.#known.set(batch.pid, { batch, owner });
    }
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= rememberedMax) return;
      this.#known.delete(oldest);
    }
  }

  take(pid: string): { batch: EndedBatch; owner: string } | null {
    const known = this.#known.get(pid) ?? null;
    if (known !== null) this.#known.set(pid, null);
    return known;
  }
}
