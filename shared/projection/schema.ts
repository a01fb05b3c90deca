/** Another version is not converted: the file is deleted and built anew from the log. */
export const projectionVersion = 7;

/**
 * `positions` and every other row are written in one transaction, so the file always is the projection of a prefix of
 * each partition. Amounts are `Money`, times ms since the epoch by the log's clock.
 *
 * - `batches`: what is not settled, and the newest of what is. Older ones live on in `totals` only.
 * - `items`: which purchases of which document are in which of these batches.
 * - `documents`: the newest of each partition, for lookups; `answered` keeps one bit for each older one.
 * - `recipes`: what the hash in a batch or a lane is called by people.
 * - `spend`, `prime_spend`: what was bought or given again, by day and for whom.
 * - `answer_tokens`: how long answers were, in fixed buckets.
 * - `totals`, `causes`: counters over everything that was ever read.
 */
export const projectionSchema = `
  CREATE TABLE positions (
    topic TEXT NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL, PRIMARY KEY (topic, partition)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE fleet (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
  CREATE TABLE snapshot (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
  CREATE TABLE batches (
    bk TEXT PRIMARY KEY, kind TEXT, account TEXT, recipe TEXT, items INTEGER NOT NULL DEFAULT 0,
    state TEXT, sub INTEGER NOT NULL DEFAULT 0, pid TEXT, why TEXT,
    sealed_at INTEGER, intent_at INTEGER, created_at INTEGER, state_at INTEGER,
    settled_at INTEGER, done INTEGER, dead INTEGER, retry INTEGER,
    billed INTEGER, individual INTEGER, is_priced INTEGER, spend_ahead TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX batches_by_age ON batches (settled_at, sealed_at);
  CREATE INDEX batches_by_settled ON batches (settled_at);
  CREATE TABLE items (
    partition INTEGER NOT NULL, offset INTEGER NOT NULL, att INTEGER NOT NULL, bk TEXT NOT NULL,
    PRIMARY KEY (partition, offset, att)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX items_by_batch ON items (bk);
  CREATE TABLE documents (
    partition INTEGER NOT NULL, offset INTEGER NOT NULL, custom_id TEXT, run TEXT, at INTEGER,
    outcome TEXT, cause TEXT, why TEXT, att INTEGER, bk TEXT, cost INTEGER,
    answered_at INTEGER, result TEXT, dead_letter TEXT,
    PRIMARY KEY (partition, offset)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX documents_by_name ON documents (custom_id);
  CREATE TABLE totals (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE recipes (
    hash TEXT PRIMARY KEY, task TEXT, model TEXT, family TEXT, is_raised INTEGER, max_tokens INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE answer_tokens (
    recipe TEXT NOT NULL, bucket INTEGER NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (recipe, bucket)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE spend (
    day TEXT NOT NULL, recipe TEXT NOT NULL, tenant TEXT NOT NULL, model TEXT NOT NULL, batches INTEGER NOT NULL,
    bought INTEGER NOT NULL, delivered INTEGER NOT NULL, retries INTEGER NOT NULL, truncated INTEGER NOT NULL,
    unpriced INTEGER NOT NULL, lost INTEGER NOT NULL,
    input INTEGER NOT NULL, output INTEGER NOT NULL,
    cache_read INTEGER NOT NULL, cache_write_5m INTEGER NOT NULL, cache_write_1h INTEGER NOT NULL,
    billed INTEGER NOT NULL, uncached INTEGER NOT NULL, individual INTEGER NOT NULL, retried INTEGER NOT NULL,
    wasted INTEGER NOT NULL, reused INTEGER NOT NULL, reused_unpriced INTEGER NOT NULL,
    reused_batch INTEGER NOT NULL, reused_individual INTEGER NOT NULL, PRIMARY KEY (day, recipe, tenant, model)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE prime_spend (
    day TEXT NOT NULL, task TEXT NOT NULL, tenant TEXT NOT NULL, model TEXT NOT NULL,
    primes INTEGER NOT NULL, cost INTEGER NOT NULL, PRIMARY KEY (day, task, tenant, model)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE causes (
    cause TEXT PRIMARY KEY, class TEXT NOT NULL, count INTEGER NOT NULL, last_at INTEGER NOT NULL,
    sample_rid TEXT NOT NULL, sample_custom_id TEXT, sample_why TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE answered (
    topic TEXT NOT NULL, partition INTEGER NOT NULL, page INTEGER NOT NULL, bits BLOB NOT NULL,
    PRIMARY KEY (topic, partition, page)
  ) STRICT, WITHOUT ROWID;
`;
