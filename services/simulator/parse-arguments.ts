import { parseArgs } from 'node:util';
import { z } from 'zod';
import { type FaultKind, type FaultPlan, faultKinds } from './faults/fault-kinds.ts';
import type { SimulatorOptions } from './service.ts';

const rule = z
  .object({
    probability: z.number().min(0).max(1),
    calls: z.array(z.int().min(1)),
    timesMax: z.int().min(0),
    delayMs: z.number().min(0),
    factor: z.number().min(0),
    share: z.number().min(0).max(1),
    lines: z.int().min(1),
    bytes: z.int().min(1).max(100_000_000),
  })
  .partial()
  .strict();

const faultPlan = z.partialRecord(z.enum(Object.keys(faultKinds) as [FaultKind, ...FaultKind[]]), rule);

const whole = (least: number) => z.coerce.number().int().min(least);

const flags = z.object({
  port: whole(0).max(65_535).default(0),
  host: z.string().default('127.0.0.1'),
  dir: z.string().optional(),
  seed: whole(0).default(1),
  'time-scale': z.coerce.number().positive().default(1),
  'latency-min-ms': whole(0).default(1_000),
  'latency-max-ms': whole(0).default(3_000),
  'provider-like': z.boolean().default(false),
  'cache-hit-share': z.coerce.number().min(0).max(1).default(1),
  faults: z.string().default('{}'),
});

/** Flags of `main.ts`, all optional; see the README. @throws Error with one line per wrong flag */
export function parseArguments(args: readonly string[]): SimulatorOptions {
  const { values } = parseArgs({ args: [...args], options: argumentOptions, strict: true });
  const parsed = flags.safeParse(values);
  if (!parsed.success) throw new Error(z.prettifyError(parsed.error));
  const { dir, faults, seed, port, host } = parsed.data;
  const minMs = parsed.data['latency-min-ms'];
  const maxMs = Math.max(minMs, parsed.data['latency-max-ms']);
  return {
    port,
    host,
    seed,
    timeScale: parsed.data['time-scale'],
    latency: parsed.data['provider-like'] ? 'provider-like' : { minMs, maxMs },
    cacheHitShare: parsed.data['cache-hit-share'],
    faults: parseFaults(faults),
    ...(dir === undefined ? {} : { directory: dir }),
  };
}

/** A fault plan as JSON: `{"create-accept-then-drop":{"calls":[2]},"item-transient":{"probability":0.02}}`. */
export function parseFaults(text: string): FaultPlan {
  const parsed = faultPlan.safeParse(JSON.parse(text));
  if (!parsed.success) throw new Error(`--faults: ${z.prettifyError(parsed.error)}`);
  return parsed.data as FaultPlan;
}

const text = { type: 'string' } as const;

const argumentOptions = {
  port: text,
  host: text,
  dir: text,
  seed: text,
  'time-scale': text,
  'latency-min-ms': text,
  'latency-max-ms': text,
  'provider-like': { type: 'boolean' },
  'cache-hit-share': text,
  faults: text,
} as const;
