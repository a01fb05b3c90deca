/** Every bound of the product: a name, a unit, a reason. Bounds that a user may change are defaults of the configuration. */

/** Documents in one batch unless the task says otherwise. */
export const batchItemsDefault = 100;
/** One SEALED fits a record, one settle fits a transaction (protocol §4). */
export const batchItemsMax = 1_000;
/** A lane closes at this age of its oldest document. */
export const laneAgeMsDefault = 30_000;
/** Far below Anthropic's 256 MB: a create is one body in memory, and T_http grows with it. */
export const batchBytesMax = 32 * 1024 * 1024;
/** Estimated input tokens of one batch. */
export const batchTokensMax = 20_000_000;
/** Good enough to fill lanes by; nothing that costs money is decided by it. */
export const bytesPerTokenUsual = 4;
/** A lane closes this long before the earliest deadline in it, so that the create can still be sent. */
export const deadlineMarginMs = 60_000;

export const documentBytesMax = 1024 * 1024;
/** A document whose content was brought in from a file it names. */
export const referencedBytesMax = 16 * 1024 * 1024;
export const documentDepthMax = 64;
/** Of a header that names something: a key, a run, a tenant. It stands in the journal. */
export const headerCharactersMax = 512;
/** Of an attribute of a CloudEvent. */
export const eventCharactersMax = 1_024;
/** Headers of a producer's own that its answer repeats: so many, and so many characters of names and values. */
export const echoedHeadersMax = 32;
export const echoedCharactersMax = 8 * 1024;
export const customIdCharactersMax = 256;
/** Longest result line; what is longer cannot be kept and ends as `result-too-large`. */
export const resultLineBytesMax = 8 * 1024 * 1024;
/** Of output, body and metadata in one result, as JSON: the topic takes records of 16 MiB, with headers and key. */
export const resultBytesMax = 15 * 1024 * 1024;
/** Bytes of UTF-8 of a record's own key that its reject repeats; a longer one would not fit the topics of answers. */
export const echoedKeyBytesMax = 64 * 1024;

/** Documents waiting in open lanes of one accumulator; above it reading pauses. */
export const openLaneItemsMax = 10_000;
export const openLaneBytesMax = 64 * 1024 * 1024;
/** Batches sealed and not settled; above it reading pauses, so that the view stays small. */
export const openBatchesMax = 1_000;
/** Batches that a cap on money holds back, beyond the ones above: a view of so many is some 200 MB. */
export const cappedBatchesMax = 10_000;
/** Batches that wait for answers which are bought for others, beyond the ones above. */
export const waitingBatchesMax = 10_000;
/** Batches sealed and ready for their create; above it sealing pauses, so that their payloads stay in memory. */
export const readyBatchesMax = 50;
export const listPagesMax = 1_000;
export const listPageItems = 1_000;

/** Tries that are charged: the first and three retries (protocol S4). */
export const chargedTriesMax = 4;
/** Expired, canceled and failed-as-a-whole, which spend no try, have a cap of their own (protocol S4). */
export const unchargedTriesMax = 5;
export const replaysMax = 3;

/** Latest time to create a document's batch, counted from its intake. */
export const documentDeadlineMsDefault = 5 * 24 * 3_600_000;
