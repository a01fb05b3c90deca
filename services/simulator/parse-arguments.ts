import { Command, CommanderError, Option } from 'commander';
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

/** Of flags that are not given. Without `--dir` its state is in memory. */
const defaults = {
  port: 0,
  host: '127.0.0.1',
  seed: 1,
  timeScale: 1,
  latencyMinMs: 1_000,
  latencyMaxMs: 3_000,
  cacheHitShare: 1,
};

const flags = z.object({
  port: whole(0).max(65_535).default(defaults.port),
  host: z.string().default(defaults.host),
  dir: z.string().optional(),
  seed: whole(0).default(defaults.seed),
  timeScale: z.coerce.number().positive().default(defaults.timeScale),
  latencyMinMs: whole(0).default(defaults.latencyMinMs),
  latencyMaxMs: whole(0).default(defaults.latencyMaxMs),
  providerLike: z.boolean().default(false),
  cacheHitShare: z.coerce.number().min(0).max(1).default(defaults.cacheHitShare),
  faults: z.string().default('{}'),
});

/** As they stand on a command line, all optional; see the README. */
export type SimulatorFlags = Partial<Record<keyof z.infer<typeof flags>, unknown>>;

/** How this program is asked for its help. */
const helpCall = 'node services/simulator/main.ts --help';

/**
 * What `main.ts` was asked for.
 * @param print gets the help
 * @returns null when that was all
 * @throws Error with one line per wrong flag
 */
export function parseArguments(args: readonly string[], print: (text: string) => void): SimulatorOptions | null {
  const program = createProgram().configureOutput({ writeOut: print, writeErr: () => {}, outputError: () => {} });
  try {
    program.parse([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return null;
    throw new Error(`${error.message.replaceAll('\n', ' ')} (${helpCall})`);
  }
  return optionsOf(program.opts());
}

const createProgram = (): Command =>
  new Command('simulator')
    .description('Serves a simulated Anthropic API; prints its base URL, and runs until Ctrl-C.')
    .addOption(flag('--port <number>', 'port to listen on; 0 takes any free one', defaults.port))
    .addOption(flag('--host <address>', 'address to listen on', defaults.host))
    .addOption(flag('--dir <folder>', 'keep its state here; in memory when it is not given'))
    .addOption(flag('--seed <number>', 'same seed, same answers', defaults.seed))
    .addOption(flag('--time-scale <number>', 'how many times faster than ours its time runs', defaults.timeScale))
    .addOption(flag('--latency-min-ms <ms>', 'shortest life of a batch', defaults.latencyMinMs))
    .addOption(flag('--latency-max-ms <ms>', 'longest life of a batch', defaults.latencyMaxMs))
    .addOption(flag('--provider-like', 'lives of batches as long as the real ones'))
    .addOption(
      flag('--cache-hit-share <share>', 'share of cache reads that find what is there, 0 to 1', defaults.cacheHitShare),
    )
    .addOption(flag('--faults <json>', 'faults to make, by kind'))
    .helpOption('-h, --help', 'print help')
    .exitOverride();

/** Its default is shown as it is, without quotes. */
const flag = (form: string, what: string, value?: string | number): Option =>
  value === undefined ? new Option(form, what) : new Option(form, what).default(value, String(value));

/** @throws Error with one line per wrong flag */
export function optionsOf(given: SimulatorFlags): SimulatorOptions {
  const parsed = flags.safeParse(given);
  if (!parsed.success) throw new Error(parsed.error.issues.map(inOneLine).join('\n'));
  const { dir, faults, seed, port, host, timeScale, providerLike, cacheHitShare, latencyMinMs: minMs } = parsed.data;
  const maxMs = Math.max(minMs, parsed.data.latencyMaxMs);
  return {
    port,
    host,
    seed,
    timeScale,
    latency: providerLike ? 'provider-like' : { minMs, maxMs },
    cacheHitShare,
    faults: parseFaults(faults),
    ...(dir === undefined ? {} : { directory: dir }),
  };
}

const inOneLine = ({ path, message }: z.core.$ZodIssue): string =>
  `--${String(path[0]).replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}: ${message}`;

/** A fault plan as JSON: `{"create-accept-then-drop":{"calls":[2]},"item-transient":{"probability":0.02}}`. */
export function parseFaults(text: string): FaultPlan {
  const parsed = faultPlan.safeParse(jsonOf(text));
  if (!parsed.success) throw new Error(`--faults: ${z.prettifyError(parsed.error)}`);
  return parsed.data as FaultPlan;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`--faults is no JSON: ${(cause as Error).message}`, { cause });
  }
}
