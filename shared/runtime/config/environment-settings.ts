/** A variable of the environment, and the settings it decides. */
export interface EnvironmentSetting {
  env: string;
  /** Paths of the configuration, all set to the same value. */
  paths: readonly string[];
  description: string;
  /** May also be given as `<env>_FILE`, the name of a file that holds it; never printed. */
  isSecret?: true;
}

/** Every variable that is a setting. An empty one counts as unset, as it does for Anthropic's SDK. */
export const environmentSettings: readonly EnvironmentSetting[] = [
  {
    env: 'ANTHROPIC_API_KEY',
    paths: ['providers.anthropic.apiKey'],
    description: 'Key of the Anthropic account.',
    isSecret: true,
  },
  {
    env: 'ANTHROPIC_BASE_URL',
    paths: ['providers.anthropic.baseUrl'],
    description: "Where the API is, when it is not Anthropic's own.",
  },
  { env: 'FLOTILLA_STATE', paths: ['state'], description: 'Folder of the log.' },
  { env: 'FLOTILLA_INBOX', paths: ['inbox'], description: 'Folder that `flotilla dev` watches.' },
  {
    env: 'FLOTILLA_TIME_SCALE',
    paths: ['providers.anthropic.timeScale', 'simulator.timeScale'],
    description: 'How many times faster than ours the time of a simulator runs.',
  },
  { env: 'FLOTILLA_SIMULATOR_SEED', paths: ['simulator.seed'], description: 'Seed of the simulator.' },
  { env: 'FLOTILLA_HTTP_HOST', paths: ['http.host'], description: 'Address that `flotilla dev` listens on.' },
  { env: 'FLOTILLA_HTTP_PORT', paths: ['http.port'], description: 'Port of `flotilla dev`.' },
  { env: 'FLOTILLA_LOG_LEVEL', paths: ['log.level'], description: 'Least urgent message that is logged.' },
];
