import { resultSchema } from '#contracts/result-schema.ts';
import { buildRequest } from '#core/build-request.ts';
import { priceOf, promptTokens, type Usage } from '#core/cost.ts';
import { lengthClass } from '#core/estimate/answer-model.ts';
import { cacheBill, cacheKey } from '#core/estimate/cache-model.ts';
import { answerKey, type Calibration, calibrate, type SeenAnswer, type SeenCache } from '#core/estimate/calibration.ts';
import { featuresOf } from '#core/estimate/text-features.ts';
import { headerNames } from '#core/headers.ts';
import { CacheLessons, cacheLessonsOf } from '#core/prompt-cache/cache-lessons.ts';
import { hasOwnMarkers } from '#core/prompt-cache/prompt-blocks.ts';
import { formatRid, parseRid, type Rid } from '#core/rid.ts';
import type { Log, LogRecord } from '#ports/log.ts';
import { type BoughtBatch, boughtBatches } from './bought-batches.ts';
import { findDocuments, type ReadDocument } from './document-reader.ts';
import { readRange } from './read-range.ts';
import { RecipeBook } from './recipe-book.ts';
import { anyTask, requestFacts } from './routing.ts';

/** Answers that are learned from: the newest. More would cost time and tell little. */
const answersMax = 2_000;

/** One answer, and what was billed for it. */
interface Billed {
  rid: Rid;
  att: number;
  bk: string;
  /** When it was written: the day whose prices hold, ms since the epoch. */
  at: number;
  usage: Usage;
}

/**
 * What the log's newest answers say about tokens and the cache: each was billed for a request that can be built again. Nothing is kept of
 * it, so nothing can be lost: what is learned is a function of the log. An answer whose document or batch is too long ago
 * tells nothing.
 */
export async function learnFromAnswers(log: Log): Promise<Calibration> {
  const billed = await newestAnswers(log);
  const rids = billed.map(({ rid }) => rid);
  const documents = await findDocuments(log, rids, anyTask);
  const batches = await boughtBatches(log, new Set(billed.map(({ bk }) => bk)));
  const book = new RecipeBook(log);
  const seen: SeenAnswer[] = [];
  const usages = new Map<string, { usage: Usage; model: string }[]>();
  for (const answer of billed) {
    const document = documents.get(formatRid(answer.rid));
    const batch = batches.get(answer.bk);
    const found = document && batch ? await seenAnswer(answer, { document, batch, book }) : null;
    if (!found) continue;
    seen.push(found);
    const ofBatch = usages.get(answer.bk) ?? [];
    ofBatch.push({ usage: answer.usage, model: found.model });
    usages.set(answer.bk, ofBatch);
  }
  return calibrate(seen, lessonsOf(batches, usages));
}

/** As the view learns them, from the answers at hand. */
function lessonsOf(batches: ReadonlyMap<string, BoughtBatch>, usages: ReadonlyMap<string, CacheUsages>): CacheLessons {
  const lessons = new CacheLessons();
  for (const [bk, answered] of usages) {
    const { plan = null, at = 0, items = 0 } = batches.get(bk)?.sealed ?? {};
    if (plan?.use !== 'marked') continue;
    for (const { hash, ttl, prime } of plan.marks) lessons.see({ bk, hash, items, at, ttl, isPrimed: prime });
    for (const lesson of cacheLessonsOf({ bk, at, plan, answered })) lessons.learn(lesson);
  }
  return lessons;
}

type CacheUsages = Parameters<typeof cacheLessonsOf>[0]['answered'];

/** Oldest first within each partition. */
async function newestAnswers(log: Log): Promise<Billed[]> {
  const partitions = log.partitions('results');
  const each = Math.ceil(answersMax / partitions);
  const found: Billed[] = [];
  for (let partition = 0; partition < partitions; partition++) {
    // Offsets may have gaps, so this is at most so many.
    const from = Math.max(0, (await log.endOffset('results', partition)) - each);
    for await (const record of readRange(log, 'results', { partition, from })) found.push(...billedOf(record));
  }
  return found;
}

function billedOf({ value, headers, at }: LogRecord): Billed[] {
  const rid = parseRid(headers[headerNames.rid] ?? '');
  const [att, bk] = [Number(headers[headerNames.att]), headers[headerNames.bk]];
  const result = resultSchema.safeParse(parseJson(value));
  if (rid === null || bk === undefined || !Number.isSafeInteger(att) || !result.success || !result.data.usage)
    return [];
  const { usage: billed } = result.data;
  const usage: Usage = {
    input: billed.input_tokens,
    output: billed.output_tokens,
    cacheRead: billed.cache_read_input_tokens,
    cacheWrite5m: billed.cache_creation_5m_input_tokens,
    cacheWrite1h: billed.cache_creation_1h_input_tokens,
  };
  return [{ rid, att, bk, at, usage }];
}

function parseJson(value: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(value).toString());
  } catch {
    return null;
  }
}

async function seenAnswer(
  answer: Billed,
  { document, batch, book }: { document: ReadDocument; batch: BoughtBatch; book: RecipeBook },
): Promise<SeenAnswer | null> {
  const { parsed } = document;
  if (parsed.is !== 'document') return null;
  const recipe = await book.get(batch.recipe).catch(() => null);
  if (!recipe) return null;
  const { model, maxTokens, isText } = requestFacts(parsed.document, recipe);
  const { ask } = parsed.document;
  const { rid, att, usage } = answer;
  const body = buildRequest(ask, recipe, { ...rid, att });
  const isAsIs = ask.shape === 'as-is';
  const key = answerKey({ recipe: isAsIs ? null : batch.recipe, model, maxTokens });
  const bytes = Buffer.byteLength(body);
  const isMarked = !isText && hasOwnMarkers(body);
  const cache = seenCache(answer, { batch, model, isMarked, request: { key, length: lengthClass(bytes), isAsIs } });
  const [inputTokens, outputTokens] = [promptTokens(usage), usage.output];
  return {
    model,
    key,
    task: isAsIs ? null : recipe.task,
    features: featuresOf(body),
    bytes,
    inputTokens,
    outputTokens,
    cache,
  };
}

/** Null where nobody knows whether the planner was on, and for what it held back to measure against. */
function seenCache(
  { bk, at, usage }: Billed,
  asked: { batch: BoughtBatch; model: string; isMarked: boolean; request: Parameters<typeof cacheKey>[1] },
): SeenCache | null {
  const { batch, model, isMarked, request } = asked;
  const price = priceOf(model, { promptTokens: promptTokens(usage), at });
  if (!price || (!isMarked && batch.cache !== 'on')) return null;
  const key = cacheKey(isMarked ? 'producer' : 'planner', request);
  return { key, bk, isFirst: batch.isFirst, bill: cacheBill(usage, price, isMarked ? 0 : batch.primes) };
}
