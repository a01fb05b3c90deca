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
  {
    env: 'ANTHROPIC_ADMIN_KEY',
    paths: ['providers.anthropic.adminKey'],
    description: 'Admin API key of the organisation, for `flotilla reconcile`.',
    isSecret: true,
  },
  { env: 'FLOTILLA_STATE', paths: ['state'], description: 'Folder of the log.' },
  { env: 'FLOTILLA_INBOX', paths: ['inbox'], description: 'Folder that `flotilla dev` watches.' },
  {
    env: 'FLOTILLA_TIME_SCALE',
    paths: ['providers.anthropic.timeScale', 'simulator.timeScale'],
    description: 'How many times faster than ours the time of a simulator runs.',
  },
  { env: 'FLOTILLA_SIMULATOR_SEED', paths: ['simulator.seed'], description: 'Seed of the simulator.' },
  {
    env: 'FLOTILLA_HTTP_HOST',
    paths: ['http.host'],
    description: 'Address that `flotilla dev` and `worker` listen on.',
  },
  { env: 'FLOTILLA_HTTP_PORT', paths: ['http.port'], description: 'Port of `flotilla dev` and `worker`.' },
  {
    env: 'FLOTILLA_KAFKA_BROKERS',
    paths: ['kafka.brokers'],
    description: 'Brokers of the fleet, as host:port, several with commas.',
  },
  {
    env: 'FLOTILLA_TOPIC_PREFIX',
    paths: ['kafka.topicPrefix'],
    description: 'What names of topics, consumer groups and Redis keys begin with.',
  },
  {
    env: 'FLOTILLA_DOCUMENTS_TOPIC',
    paths: ['kafka.documentsTopic'],
    description: 'Topic that documents come from, when it is not <prefix>.documents.v1.',
  },
  { env: 'FLOTILLA_KAFKA_SSL', paths: ['kafka.ssl'], description: 'true: speak TLS with the brokers.' },
  {
    env: 'FLOTILLA_KAFKA_CA_FILE',
    paths: ['kafka.caFile'],
    description: 'PEM file of the authority that signed the certificates of the brokers.',
  },
  {
    env: 'FLOTILLA_KAFKA_SASL_MECHANISM',
    paths: ['kafka.sasl.mechanism'],
    description: 'How to log in at the brokers: plain, scram-sha-256 or scram-sha-512.',
  },
  { env: 'FLOTILLA_KAFKA_USERNAME', paths: ['kafka.sasl.username'], description: 'Who logs in at the brokers.' },
  {
    env: 'FLOTILLA_KAFKA_PASSWORD',
    paths: ['kafka.sasl.password'],
    description: 'Password at the brokers.',
    isSecret: true,
  },
  {
    env: 'FLOTILLA_REDIS_URL',
    paths: ['redis.url'],
    description: 'Where the hints and payloads of a fleet are kept.',
    isSecret: true,
  },
  {
    env: 'FLOTILLA_REDIS_CA_FILE',
    paths: ['redis.caFile'],
    description: 'PEM file of the authority that signed the certificate of Redis.',
  },
  {
    env: 'FLOTILLA_INSECURE_OK',
    paths: ['kafka.insecure', 'redis.insecure'],
    description: 'true: Kafka and Redis may be reached beyond loopback without TLS or without credentials.',
  },
  { env: 'FLOTILLA_ROLES', paths: ['worker.roles'], description: 'What `flotilla worker` does, with commas.' },
  { env: 'FLOTILLA_WORKER', paths: ['worker.name'], description: 'Name of a process of the fleet.' },
  { env: 'FLOTILLA_SNAPSHOTS', paths: ['worker.snapshots'], description: 'Folder for snapshots of the view.' },
  {
    env: 'FLOTILLA_CONSOLE_TOKEN',
    paths: ['console.token'],
    description: 'What has to be sent to look at `flotilla console`.',
    isSecret: true,
  },
  { env: 'FLOTILLA_CONSOLE_HOST', paths: ['console.host'], description: 'Address of `flotilla console`.' },
  { env: 'FLOTILLA_CONSOLE_PORT', paths: ['console.port'], description: 'Port of `flotilla console`.' },
  {
    env: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    paths: ['traces.endpoint'],
    description: 'Where traces are sent by OTLP over HTTP, such as `http://127.0.0.1:4318`. Unset: there are none.',
  },
  {
    env: 'FLOTILLA_CACHE_MODE',
    paths: ['cache.mode'],
    description: 'Cache markers for shared prefixes: off, shadow or on. A task that says otherwise keeps its own.',
  },
  { env: 'FLOTILLA_LOG_LEVEL', paths: ['log.level'], description: 'Least urgent message that is logged.' },
];
