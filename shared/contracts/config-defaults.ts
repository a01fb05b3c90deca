/** Defaults and bounds of the configuration that are not those of the core (`core/limits.ts`). */

export const accountNameDefault = 'anthropic';
export const createsAtOnceDefault = 4;
export const createsAtOnceMax = 64;
/** Batches of one account at the provider at the same time. */
export const openBatchesDefault = 1_000;
/** 1: the provider's time is ours. Only a simulator's runs faster. */
export const timeScaleDefault = 1;

export const maxTokensDefault = 1_024;
export const taskNameCharactersMax = 64;
export const laneAgeMsMax = 24 * 3_600_000;
export const retryDelayMsMax = 24 * 3_600_000;
/** More are not made (protocol S4: four tries that are charged). */
export const retryDelaysMax = 3;

/** Of batches that markers would pay for: enough to learn from within some hundred, and cheap. */
export const holdBackDefault = 0.02;
/** Each pays for itself by the plan; this bounds what a plan that is wrong can cost. */
export const primesPerHourDefault = 60;
export const primesPerHourMax = 10_000;

export const stateDirectoryDefault = '.flotilla';
export const inboxDirectoryDefault = 'inbox';

/** A day of the simulated provider lasts 86 s. */
export const simulatorTimeScaleDefault = 1_000;
/** In the provider's time: 10 to 30 minutes for a batch, which at the default scale are 0.6 to 1.8 s. */
export const simulatorLatencyMinMsDefault = 600_000;
export const simulatorLatencyMaxMsDefault = 1_800_000;
export const simulatorSeedDefault = 1;

/** Loopback: what `flotilla dev` serves has no locks. */
export const httpHostDefault = '127.0.0.1';
export const httpPortDefault = 7_070;
export const consoleHostDefault = '127.0.0.1';
export const consolePortDefault = 7_080;
/** A shorter one is guessed. */
export const consoleTokenCharactersMin = 16;

/** Of topics, consumer groups and Redis keys. */
export const topicPrefixDefault = 'flotilla';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export const logLevelDefault = 'info';

/** Of a task that gives answers again: a day, and as many as a small server holds for many tasks. */
export const answersTtlMsDefault = 86_400_000;
export const answersTtlMsMax = 30 * 86_400_000;
export const answersEntriesDefault = 10_000;
export const answersEntriesMax = 1_000_000;
