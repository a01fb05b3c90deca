import type { LoadedConfig } from '#runtime/config/load-config.ts';
import type { CrashHook } from '#runtime/crash-points.ts';
import type { EmbeddedSettings } from './embedded.ts';

/** The configuration as embedded mode takes it. The key is revealed here and nowhere else. */
export function embeddedSettings(
  loaded: LoadedConfig,
  options: { crashHook?: CrashHook | null } = {},
): EmbeddedSettings {
  const { config, account, stateDirectory, tasks, lane } = loaded;
  const { anthropic } = config.providers;
  const { timeScale, latencyMinMs, latencyMaxMs, seed, faults } = config.simulator;
  return {
    stateDirectory,
    account: account && { name: account.name, apiKey: account.apiKey.reveal(), baseUrl: account.baseUrl },
    tasks: new Map([...tasks].map(([name, task]) => [name, { recipe: task.recipe, lane: task.lane }])),
    asIsLane: lane,
    createsAtOnce: anthropic.createsAtOnce,
    timeScale: anthropic.timeScale,
    simulator: { timeScale, latency: { minMs: latencyMinMs, maxMs: latencyMaxMs }, seed, faults: faultPlan(faults) },
    logLevel: config.log.level,
    crashHook: options.crashHook ?? null,
  };
}

const faultPlan = (faults: Readonly<Record<string, number>>): Record<string, { probability: number }> =>
  Object.fromEntries(Object.entries(faults).map(([kind, probability]) => [kind, { probability }]));
