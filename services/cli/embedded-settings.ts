import { FlotillaError } from '#errors/flotilla-error.ts';
import { answerSettings } from '#runtime/answer-cache.ts';
import type { LoadedConfig } from '#runtime/config/load-config.ts';
import type { CrashHook } from '#runtime/crash-points.ts';
import type { EmbeddedSettings } from './embedded.ts';

/**
 * The configuration as embedded mode takes it. The key is revealed here and nowhere else.
 * @throws FlotillaError invalid-usage when a fleet is configured: its documents go to Kafka, not into a file of this machine
 */
export function embeddedSettings(
  loaded: LoadedConfig,
  options: { crashHook?: CrashHook | null } = {},
): EmbeddedSettings {
  if (loaded.fleet) {
    throw new FlotillaError('invalid-usage', {
      where: 'kafka.brokers',
      why: 'a fleet is configured, and this is for one machine',
      fix: 'publish the documents: flotilla produce FILE; or unset FLOTILLA_KAFKA_BROKERS',
    });
  }
  const { config, account, stateDirectory, tasks, lane, cache } = loaded;
  const { anthropic } = config.providers;
  const { timeScale, latencyMinMs, latencyMaxMs, seed, faults } = config.simulator;
  return {
    stateDirectory,
    account: account && { name: account.name, apiKey: account.apiKey.reveal(), baseUrl: account.baseUrl },
    tasks: new Map(
      [...tasks].map(([name, task]) => [name, { recipe: task.recipe, lane: task.lane, cache: task.cache }]),
    ),
    answers: answerSettings(tasks),
    asIsLane: lane,
    asIsCache: cache,
    primesPerHour: config.cache.primesPerHour,
    createsAtOnce: anthropic.createsAtOnce,
    openBatchesMax: anthropic.openBatchesMax,
    caps: loaded.caps,
    timeScale: anthropic.timeScale,
    simulator: { timeScale, latency: { minMs: latencyMinMs, maxMs: latencyMaxMs }, seed, faults: faultPlan(faults) },
    logLevel: config.log.level,
    tracesEndpoint: config.traces.endpoint ?? null,
    crashHook: options.crashHook ?? null,
  };
}

type FaultSettings = LoadedConfig['config']['simulator']['faults'];

/** A bare number is a probability. What a rule leaves out is left out, not undefined. */
const faultPlan = (faults: FaultSettings): NonNullable<EmbeddedSettings['simulator']['faults']> =>
  Object.fromEntries(
    Object.entries(faults).map(([kind, rule]) => [
      kind,
      typeof rule === 'number' ? { probability: rule } : definedFields(rule),
    ]),
  );

const definedFields = <T extends object>(value: T): { [Name in keyof T]: Exclude<T[Name], undefined> } =>
  Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as {
    [Name in keyof T]: Exclude<T[Name], undefined>;
  };
