import type { ReuseState } from '../answer-cache/reused-answer.ts';
import type { Envelope, Parsed } from '../document.ts';
import type { CacheMark } from '../prompt-cache/cache-plan.ts';
import type { ItemLine, WholeBatchEnd } from '../provider-line.ts';
import type { Recipe } from '../recipe.ts';
import type { Item } from '../view.ts';

/** A complete read of a batch at the provider: the first line of each custom_id (protocol §5.5). */
export interface CompleteRead {
  lines: ReadonlyMap<string, ItemLine>;
  wholeBatch: WholeBatchEnd | null;
}

/** What a settle goes by beside the batch itself. */
export interface SettleContext {
  fleet: string;
  /** Null for a batch that is settled without having been sent. */
  read: CompleteRead | null;
  /** The document of an item, read again from the log. */
  documentOf: (item: Item) => { envelope: Envelope; parsed: Parsed };
  /** Null for rejects. */
  recipe: Recipe | null;
  canceledRuns: ReadonlySet<string>;
  /** The record that claimed an idempotency key, as `formatRid` writes it. */
  holderOf?: (key: string) => string | undefined;
  /** Kind `reuse`: how it stands with the answer an item takes. */
  reuseOf?: (item: Item) => ReuseState;
  /** The name of an item's request, where others may take its answer. */
  requestKeyOf?: (item: Item) => string | null;
  /** Why `output` does not fit the recipe's schema, or null. */
  checkOutput: (output: unknown) => string | null;
  /** Settling worker's wall clock; only retry times depend on it. */
  now: number;
  timeScale: number;
  /** Whether the entry of a mark was written ahead of this batch, by the journal; absent: as planned. */
  wasPrimed?: (mark: CacheMark) => boolean;
}

/** For one item: with its document. */
export type ItemContext = SettleContext & { envelope: Envelope; parsed: Parsed };
