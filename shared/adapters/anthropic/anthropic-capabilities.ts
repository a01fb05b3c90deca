/** Bytes of one megabyte as the provider's page means it; the smaller reading is the safe one. */
const MEGABYTE = 1_000_000;

/**
 * What Anthropic's Message Batches API accepts and keeps.
 * Source: platform.claude.com/docs build-with-claude/batch-processing and api/messages/batches, read 2026-08-22.
 */
export const anthropicCapabilities = {
  /** Items of one batch. */
  batchItemsMax: 100_000,
  /** Bytes of one create body. */
  batchBytesMax: 256 * MEGABYTE,
  customIdPattern: /^[A-Za-z0-9_-]{1,64}$/,
  /** A batch that has not ended by then is ended with its rest `expired`. */
  batchAgeMaxMs: 24 * 60 * 60 * 1000,
  /** Results are kept so long, counted from creation; later the batch is archived. */
  resultsKeptMs: 29 * 24 * 60 * 60 * 1000,
  /** Batches of one list page. */
  listPageMax: 1_000,
} as const;
