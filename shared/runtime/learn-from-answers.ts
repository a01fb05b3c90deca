import { decodeJournal } from '#contracts/journal-codec.ts';
import { resultSchema } from '#contracts/result-schema.ts';
import { buildRequest } from '#core/build-request.ts';
import { answerKey, type Calibration, calibrate, type SeenAnswer } from '#core/estimate/calibration.ts';
import { featuresOf } from '#core/estimate/text-features.ts';
import { headerNames } from '#core/headers.ts';
import { formatRid, parseRid, type Rid } from '#core/rid.ts';
import type { Log, LogRecord, Topic } from '#ports/log.ts';
import { findDocuments, type ReadDocument } from './document-reader.ts';
import { RecipeBook } from './recipe-book.ts';
import { anyTask, requestFacts } from './routing.ts';

/** Answers that are learned from: the newest. More would cost time and tell little. */
const answersMax = 2_000;
/** So far back the journal is read for the recipes of their batches. */
const journalRecordsMax = 20_000;
const recordsPerRead = 1_000;

/** One answer, and what was billed for it. */
interface Billed {
  rid: Rid;
  att: number;
  bk: string;
  inputTokens: number;
  outputTokens: number;
}

/**
 * What the log's newest answers say about tokens: each was billed for a request that can be built again. Nothing is kept of
 * it, so nothing can be lost: what is learned is a function of the log. An answer whose document or batch is too long ago
 * tells nothing.
 */
export async function learnFromAnswers(log: Log): Promise<Calibration> {
  const billed = await newestAnswers(log);
  const rids = billed.map(({ rid }) => rid);
  const documents = await findDocuments(log, rids, anyTask);
  const recipes = await recipesOf(log, new Set(billed.map(({ bk }) => bk)));
  const book = new RecipeBook(log);
  const seen: SeenAnswer[] = [];
  for (const answer of billed) {
    const document = documents.get(formatRid(answer.rid));
    const recipe = recipes.get(answer.bk);
    if (document && recipe) seen.push(...(await seenAnswer(answer, { document, recipe, book })));
  }
  return calibrate(seen);
}

/** Oldest first within each partition. */
async function newestAnswers(log: Log): Promise<Billed[]> {
  const partitions = log.partitions('results');
  const each = Math.ceil(answersMax / partitions);
  const found: Billed[] = [];
  for (let partition = 0; partition < partitions; partition++) {
    // Offsets may have gaps, so this is at most so many.
    const from = Math.max(0, (await log.endOffset('results', partition)) - each);
    for await (const record of readFrom(log, 'results', { partition, from })) found.push(...billedOf(record));
  }
  return found;
}

function billedOf({ value, headers }: LogRecord): Billed[] {
  const rid = parseRid(headers[headerNames.rid] ?? '');
  const [att, bk] = [Number(headers[headerNames.att]), headers[headerNames.bk]];
  const result = resultSchema.safeParse(parseJson(value));
  if (rid === null || bk === undefined || !Number.isSafeInteger(att) || !result.success || !result.data.usage)
    return [];
  const { usage } = result.data;
  const inputTokens =
    usage.input_tokens +
    usage.cache_read_input_tokens +
    usage.cache_creation_5m_input_tokens +
    usage.cache_creation_1h_input_tokens;
  return [{ rid, att, bk, inputTokens, outputTokens: usage.output_tokens }];
}

function parseJson(value: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(value).toString());
  } catch {
    return null;
  }
}

/** Hash of the recipe by batch: only SEALED says it. */
async function recipesOf(log: Log, bks: ReadonlySet<string>): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const end = await log.endOffset('journal', 0);
  for (let to = end; to > Math.max(0, end - journalRecordsMax) && found.size < bks.size; to -= recordsPerRead) {
    const from = Math.max(0, to - recordsPerRead);
    for await (const { value, at } of readFrom(log, 'journal', { partition: 0, from, to })) {
      const record = decodeJournal(value, at);
      if (record.kind === 'SEALED' && bks.has(record.bk)) found.set(record.bk, record.recipe);
    }
  }
  return found;
}

async function* readFrom(
  log: Log,
  topic: Topic,
  { partition, from, to = Number.POSITIVE_INFINITY }: { partition: number; from: number; to?: number },
): AsyncGenerator<LogRecord> {
  for (let next = from; next < to; ) {
    const { records, nextOffset, isAtEnd } = await log.read({
      topic,
      partition,
      from: next,
      recordsMax: recordsPerRead,
    });
    for (const record of records) if (record.offset < to) yield record;
    if (isAtEnd || nextOffset === next) return;
    next = nextOffset;
  }
}

async function seenAnswer(
  { rid, att, inputTokens, outputTokens }: Billed,
  { document, recipe: hash, book }: { document: ReadDocument; recipe: string; book: RecipeBook },
): Promise<SeenAnswer[]> {
  const { parsed } = document;
  if (parsed.is !== 'document') return [];
  const recipe = await book.get(hash).catch(() => null);
  if (!recipe) return [];
  const { model, maxTokens } = requestFacts(parsed.document, recipe);
  const { ask } = parsed.document;
  const body = buildRequest(ask, recipe, { ...rid, att });
  const key = answerKey({ recipe: ask.shape === 'as-is' ? null : hash, model, maxTokens });
  return [{ model, key, features: featuresOf(body), bytes: Buffer.byteLength(body), inputTokens, outputTokens }];
}
