import { z } from 'zod';
import { openBatchesMax } from '#core/limits.ts';
import { cacheConfigSchema } from './cache-config.ts';
import { capsConfigSchema } from './cap-config.ts';
import {
  accountNameDefault,
  createsAtOnceDefault,
  createsAtOnceMax,
  httpHostDefault,
  httpPortDefault,
  inboxDirectoryDefault,
  logLevelDefault,
  logLevels,
  openBatchesDefault,
  simulatorLatencyMaxMsDefault,
  simulatorLatencyMinMsDefault,
  simulatorSeedDefault,
  simulatorTimeScaleDefault,
  stateDirectoryDefault,
  timeScaleDefault,
} from './config-defaults.ts';
import { consoleConfigSchema } from './console-config.ts';
import { kafkaConfigSchema, redisConfigSchema, workerConfigSchema } from './fleet-config.ts';
import { laneConfigSchema, taskConfigSchema, taskNameSchema } from './task-config.ts';

/** The version of the configuration file that this code reads. */
export const configVersion = 1;

const anthropicSchema = z.strictObject({
  apiKey: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'Key of the account. Without one, answers are simulated.', shownAs: 'secret' }),
  baseUrl: z
    .string()
    .refine(isPlainHttpUrl, 'must be http(s)://host[:port][/path], without credentials or query')
    .optional()
    .describe("Where the API is, when it is not Anthropic's own."),
  adminKey: z.string().min(1).optional().meta({
    description:
      'Admin API key of the organisation. With it `flotilla reconcile`, and with `apiKeyIds` sweepers once a day, read what was billed and never shown. It buys nothing, and is sent to `baseUrl`.',
    shownAs: 'secret',
  }),
  apiKeyIds: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'Ids of all keys that this fleet has ever bought with. Without them all usage of their workspace counts as its own, also what others bought there.',
    ),
  account: z
    .string()
    .min(1)
    .default(accountNameDefault)
    .describe('Name of the account in the log. Another key under the same name must belong to the same owner.'),
  createsAtOnce: z
    .int()
    .min(1)
    .max(createsAtOnceMax)
    .default(createsAtOnceDefault)
    .describe('Batches created at the same time.'),
  openBatchesMax: z
    .int()
    .min(1)
    .max(openBatchesMax)
    .default(openBatchesDefault)
    .describe('Batches at the provider at the same time.'),
  timeScale: z
    .number()
    .min(1)
    .default(timeScaleDefault)
    .describe("How many times faster than ours the provider's time runs. More than 1 only when it is a simulator."),
});

const faultRuleSchema = z.strictObject({
  probability: z.number().min(0).max(1).optional(),
  calls: z.array(z.int().min(1)).optional(),
  timesMax: z.int().min(0).optional(),
  delayMs: z.int().min(0).optional(),
});

const simulatorFields = z.strictObject({
  timeScale: z
    .number()
    .min(1)
    .default(simulatorTimeScaleDefault)
    .describe('How many times faster than ours the simulated time runs.'),
  latencyMinMs: z
    .int()
    .min(0)
    .default(simulatorLatencyMinMsDefault)
    .describe('Shortest life of a batch, in simulated ms.'),
  latencyMaxMs: z
    .int()
    .min(0)
    .default(simulatorLatencyMaxMsDefault)
    .describe('Longest life of a batch, in simulated ms.'),
  seed: z.int().min(0).default(simulatorSeedDefault).describe('Same seed, same answers, latencies and faults.'),
  faults: z
    .record(z.string(), z.union([z.number().min(0).max(1), faultRuleSchema]))
    .default({})
    .meta({
      description: 'Faults it makes: each with its probability, or with a rule such as `{ calls: [2] }`.',
      shownAs: 'probability or rule by kind of fault',
    }),
});

const simulatorSchema = simulatorFields.refine(({ latencyMinMs, latencyMaxMs }) => latencyMinMs <= latencyMaxMs, {
  error: 'must be at least latencyMinMs',
  path: ['latencyMaxMs'],
});

/** `flotilla.config.ts`, whole. Strict: what it does not know it refuses, because it is a typo. */
export const configSchema = z.strictObject({
  version: z
    .literal(configVersion, { error: `must be ${configVersion}: this flotilla reads no other version` })
    .describe('Version of this file.'),
  providers: z
    .strictObject({ anthropic: anthropicSchema.prefault({}).describe('Anthropic.') })
    .prefault({})
    .describe('Accounts.'),
  tasks: z.record(taskNameSchema, taskConfigSchema).default({}).describe('What can be done with a document, by name.'),
  lane: laneConfigSchema.prefault({}).describe('When batches of provider-shaped documents close.'),
  caps: capsConfigSchema,
  cache: cacheConfigSchema.prefault({}).describe('Prompt cache of the provider.'),
  state: z
    .string()
    .min(1)
    .default(stateDirectoryDefault)
    .describe('Folder of the log. A relative one lies beside this file; without a file, in the working directory.'),
  inbox: z.string().min(1).default(inboxDirectoryDefault).describe('Folder that `flotilla dev` watches for files.'),
  kafka: kafkaConfigSchema.prefault({}).describe('The log of a fleet.'),
  redis: redisConfigSchema.prefault({}).describe('Hints and payloads of a fleet.'),
  worker: workerConfigSchema.prefault({}).describe('A process of a fleet.'),
  simulator: simulatorSchema.prefault({}).describe('The provider that answers when there is no key.'),
  http: z
    .strictObject({
      host: z.string().min(1).default(httpHostDefault).describe('Address that `flotilla dev` and `worker` listen on.'),
      port: z.int().min(0).max(65_535).default(httpPortDefault).describe('Port of it; 0 takes any that is free.'),
    })
    .prefault({})
    .describe('What `flotilla dev` and `worker` serve.'),
  console: consoleConfigSchema.prefault({}).describe('Screens.'),
  traces: z
    .strictObject({
      endpoint: z
        .string()
        .refine(isPlainHttpUrl, 'must be http(s)://host[:port][/path], without credentials or query')
        .optional()
        .describe('Where OTLP over HTTP is taken, without /v1/traces. Without it no trace is made.'),
    })
    .prefault({})
    .describe('Traces: ids, counts and sizes, never text of a document or a key.'),
  log: z
    .strictObject({
      level: z.enum(logLevels).default(logLevelDefault).describe('Least urgent message that is logged.'),
    })
    .prefault({})
    .describe('Messages for operators, on stderr.'),
});

/** What a file may say. */
export type ConfigInput = z.input<typeof configSchema>;

/** What it means, with every default filled in. */
export type Config = z.output<typeof configSchema>;

/** Gives `flotilla.config.ts` its types; the file is checked when it is loaded. */
export const defineConfig = (config: ConfigInput): ConfigInput => config;

function isPlainHttpUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && !url.username && !url.password && !url.search && !url.hash;
}
