import { z } from 'zod';
import { outcomeCauses } from '#core/outcome.ts';
import { type SettledRecord, settledVersion } from '#core/settled.ts';
import { amountsSchema, usageSchema as usage } from './journal-record-schema.ts';

const whole = z.int().nonnegative();
const cause = z.enum(outcomeCauses);

const retryRow = z.strictObject({
  p: whole,
  o: whole,
  att: whole,
  charged: whole,
  uncharged: whole,
  notBefore: z.number(),
  cause,
  bound: z.int().positive().exactOptional(),
  isRaised: z.literal(true).exactOptional(),
  of: z.tuple([whole, whole]).exactOptional(),
  runs: z.array(z.string()),
});

const reused = z.strictObject({ answers: z.int().positive(), unpriced: whole, batch: whole, individual: whole });

const spendRow = z.strictObject({
  tenant: z.string().nullable(),
  model: z.string(),
  isUsOnly: z.literal(true).exactOptional(),
  bought: whole,
  delivered: whole,
  retries: whole,
  truncated: whole,
  unpriced: whole,
  lost: whole,
  usage,
  billed: whole,
  uncached: whole,
  individual: whole,
  retried: whole,
  wasted: whole,
  answers: z.array(z.tuple([whole, z.int().positive()])).exactOptional(),
  reused: reused.exactOptional(),
});

const cacheLesson = z.strictObject({
  bk: z.string(),
  hash: z.string(),
  model: z.string(),
  ttl: z.enum(['5m', '1h']),
  use: z.enum(['marked', 'held-back', 'shadow']),
  isPrimed: z.boolean(),
  items: whole,
  prefixTokens: whole,
  promptTokens: whole,
  hits: whole,
  readTokens: whole,
  writtenTokens: whole,
  at: z.number(),
});

/** Every field of a settled record: for tests and the audit. */
export const settledRecordSchema: z.ZodType<SettledRecord> = z.strictObject({
  v: z.literal(settledVersion),
  bk: z.string().min(1),
  done: z.array(z.tuple([whole, whole])),
  dead: z.array(z.tuple([whole, whole, cause])),
  retry: z.array(retryRow),
  usage,
  cost: whole.nullable(),
  individualCost: whole.nullable(),
  runs: z.record(z.string(), z.strictObject({ cost: whole, individual: whole })),
  actual: amountsSchema,
  spend: z.strictObject({ at: z.number(), rows: z.array(spendRow).min(1) }).exactOptional(),
  cache: z.array(cacheLesson).exactOptional(),
});
