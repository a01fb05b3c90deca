import type { LoadedConfig } from '#runtime/config/load-config.ts';

/** How many times faster than ours the time of whoever answers runs: more than 1 only for a simulator. */
export const timeScaleOf = ({ account, config }: Pick<LoadedConfig, 'account' | 'config'>): number =>
  account === null ? config.simulator.timeScale : config.providers.anthropic.timeScale;
