import { type ReusedAnswer, type ReuseState, reusedAnswer } from '#core/answer-cache/reused-answer.ts';
import { sourceStates } from '#core/answer-cache/source-states.ts';
import type { Recipe } from '#core/recipe.ts';
import { formatRid, type Rid } from '#core/rid.ts';
import type { Batch, Item } from '#core/view.ts';
import type { AnswerPlace } from '#ports/answer-store.ts';
import type { Clock } from '#ports/clock.ts';
import type { Log, LogRecord } from '#ports/log.ts';
import { type AnswerCache, requestKeyOf } from '#runtime/answer-cache.ts';
import { findDocuments, type ReadDocument } from '#runtime/document-reader.ts';
import { readResultsAt, searchResults } from '#runtime/find-results.ts';
import { anyTask } from '#runtime/routing.ts';
import type { ViewFollower } from '#runtime/view-follower.ts';

export interface ReuseReaderPorts {
  log: Log;
  follower: ViewFollower;
  clock: Clock;
  /** Absent: places are searched in the log. */
  answers?: AnswerCache;
}

/** How it stands with each item of a batch of kind `reuse`. */
export type ReuseRead =
  | { is: 'known'; stateOf: (item: Item) => ReuseState; requestKeyOf: (item: Item) => string | null }
  /** Every item waits: whoever settles what they wait for says so, and so does the sweep. */
  | { is: 'waiting' }
  /** A result is there and cannot be read yet. */
  | { is: 'unreadable' };

interface Asked {
  item: Item;
  key: string;
}

/**
 * Finds the answers that the items of a batch take: where the cache says, else in the log. What it says is proven by the
 * result record itself, which names the request that it answers.
 */
export class ReuseReader {
  readonly #ports: ReuseReaderPorts;

  constructor(ports: ReuseReaderPorts) {
    this.#ports = ports;
  }

  async read(
    batch: Batch,
    { documents, recipe }: { documents: ReadonlyMap<string, ReadDocument>; recipe: Recipe },
  ): Promise<ReuseRead> {
    const { follower } = this.#ports;
    const states = new Map<string, ReuseState>();
    const keys = new Map<string, string>();
    const asked: Asked[] = [];
    for (const item of batch.items) {
      const read = documents.get(formatRid(item)) as ReadDocument;
      const key = requestKeyOf(read, { recipe, recipeName: batch.recipe });
      if (key === null) continue;
      keys.set(formatRid(item), key);
      if (!item.isDuplicate) asked.push({ item, key });
    }
    const answers = await this.#kept(asked, recipe.task ?? '');
    const open = asked.filter(({ item, key }) => {
      const answer = answers.get(key);
      if (answer) states.set(formatRid(item), { is: 'answered', answer });
      return !answer;
    });
    if (!(await this.#follow(open, states))) return { is: 'unreadable' };
    const isSettling = batch.items.some(item => {
      const run = documents.get(formatRid(item))?.envelope.run ?? null;
      const isCanceled = run !== null && follower.view.canceledRuns.has(run);
      return isCanceled || states.get(formatRid(item))?.is !== 'waiting';
    });
    if (!isSettling) return { is: 'waiting' };
    return {
      is: 'known',
      stateOf: item => states.get(formatRid(item)) ?? { is: 'gone' },
      requestKeyOf: item => keys.get(formatRid(item)) ?? null,
    };
  }

  /** By request key, from where the cache says that they stand. */
  async #kept(asked: readonly Asked[], task: string): Promise<Map<string, ReusedAnswer>> {
    const keys = [...new Set(asked.map(({ key }) => key))];
    const places = (await this.#ports.answers?.findAgain(task, keys)) ?? [];
    const there = places.filter((place): place is AnswerPlace => place !== null);
    const records = await readResultsAt(this.#ports.log, there);
    const answers = new Map<string, ReusedAnswer>();
    for (const [index, place] of places.entries()) {
      const key = keys[index] as string;
      const answer = place && answerIn(records, place.rid, key);
      if (answer) answers.set(key, answer);
    }
    return answers;
  }

  /** What became of the documents that are waited for. @returns false when that cannot be read yet */
  async #follow(open: readonly Asked[], states: Map<string, ReuseState>): Promise<boolean> {
    const { follower, clock, log } = this.#ports;
    const sources = sourceStates(
      follower.view,
      open.flatMap(({ item }) => item.of ?? []),
    );
    const ended: Asked[] = [];
    for (const each of open) {
      const { of } = each.item;
      const source = of ? sources.get(formatRid(of)) : undefined;
      if (source === 'ended') ended.push(each);
      const isWaiting = source === 'under-way' && of !== null && clock.now() < of.until;
      states.set(formatRid(each.item), isWaiting ? { is: 'waiting' } : { is: 'gone' });
    }
    const rids = ended.map(({ item }) => item.of as Rid);
    const documents = await findDocuments(log, rids, anyTask);
    const wanted = rids.flatMap(rid => {
      const document = documents.get(formatRid(rid));
      return document ? { ...rid, at: document.record.at } : [];
    });
    const records = await searchResults(log, wanted);
    if (!records) return false;
    for (const { item, key } of ended) {
      const answer = answerIn(records, item.of as Rid, key);
      if (answer) states.set(formatRid(item), { is: 'answered', answer });
    }
    return true;
  }
}

function answerIn(records: ReadonlyMap<string, LogRecord>, rid: Rid, key: string): ReusedAnswer | null {
  const record = records.get(formatRid(rid));
  return record ? reusedAnswer(record, key) : null;
}
