import { z } from 'zod';
import { capPeriods, closeReasons, type JournalRecord } from '#core/journal.ts';
import { marksMax } from '#core/prompt-cache/cache-minimums.ts';

const whole = z.int().nonnegative();
const name = z.string().min(1);
/** Amounts by scope; a correction may lower one. */
export const amountsSchema = z.record(z.string(), z.int());

const claim = [whole, whole, whole, whole] as const;
const extra = z.strictObject({
  key: z.string().exactOptional(),
  uncharged: whole.exactOptional(),
  of: z.tuple([whole, whole]).exactOptional(),
  until: whole.exactOptional(),
});
const sealedItem = z.union([z.tuple([...claim]), z.tuple([...claim, extra])]);

/** Tokens as billed. */
export const usageSchema = z.strictObject({
  input: whole,
  output: whole,
  cacheRead: whole,
  cacheWrite5m: whole,
  cacheWrite1h: whole,
});

const ttl = z.enum(['5m', '1h']);

const cachePlan = z.strictObject({
  use: z.enum(['marked', 'held-back', 'shadow']),
  marks: z
    .array(z.strictObject({ depth: z.int().positive(), hash: z.string(), ttl, prime: z.boolean() }))
    .max(marksMax),
});

/** Every record of the journal in full, without `v`: for tests and the audit. Reading the log checks less, to start fast. */
export const journalRecordSchema: z.ZodType<JournalRecord> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('FLEET'), fleet: name, partitions: whole, settledPartitions: whole }),
  z.strictObject({ kind: z.literal('ACCOUNT'), account: name, provider: name, baseUrl: name, owner: name }),
  z.strictObject({ kind: z.literal('REPIN'), account: name, owner: name }),
  z.strictObject({ kind: z.literal('CAP'), scope: name, period: z.enum(capPeriods), limit: z.number().nullable() }),
  z.strictObject({
    kind: z.literal('SEALED'),
    bk: name,
    type: z.enum(['batch', 'reject', 'reuse']),
    account: z.string(),
    recipe: z.string(),
    runs: z.array(z.string()),
    items: z.array(sealedItem),
    plan: cachePlan.exactOptional(),
  }),
  z.strictObject({
    kind: z.literal('INTENT'),
    bk: name,
    sub: whole,
    worker: name,
    incarnation: name,
    nonce: name,
    reserve: amountsSchema,
  }),
  z.strictObject({ kind: z.literal('CREATED'), bk: name, sub: whole, pid: name }),
  z.strictObject({ kind: z.literal('ABORTED'), bk: name, sub: whole, why: z.string() }),
  z.strictObject({ kind: z.literal('CLOSED'), bk: name, why: z.enum(closeReasons) }),
  z.strictObject({ kind: z.literal('RELEASED'), bk: name, actual: amountsSchema }),
  z.strictObject({
    kind: z.literal('PRIME'),
    id: name,
    account: name,
    prefix: z.string(),
    ttl: ttl.exactOptional(),
    model: z.string().exactOptional(),
    nonce: name,
    reserve: amountsSchema,
    perHour: whole.exactOptional(),
  }),
  z.strictObject({
    kind: z.literal('PRIMED'),
    id: name,
    actual: amountsSchema,
    model: z.string().exactOptional(),
    usage: usageSchema.exactOptional(),
    isUsOnly: z.literal(true).exactOptional(),
  }),
  z.strictObject({ kind: z.literal('ADJUSTED'), account: name, until: whole, billed: whole, booked: whole }),
  z.strictObject({ kind: z.literal('CANCEL'), run: name }),
]);
