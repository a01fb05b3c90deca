import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { roleNames } from '#contracts/roles.ts';
import { startKafka } from '#test/support/services/start-kafka.ts';
import { startRedis } from '#test/support/services/start-redis.ts';
import { type FleetPart, startFleetPart } from './fleet-part.ts';
import { packageTexts } from './package-texts.ts';

const documentsCount = 1_000;
const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = resolve(process.argv[2] ?? join(root, '.flotilla', 'fleet'));
const topicPrefix = process.env.FLOTILLA_TOPIC_PREFIX || 'flotilla';
/** A batch of the simulator lives 0.6 to 1.8 s. */
const timeScale = '1000';
const latency = ['--latency-min-ms', '600000', '--latency-max-ms', '1800000'];

await fleet();

/** `npm run fleet` (and a folder, if wanted): Kafka, Redis, a simulated provider and one process for each role, until Ctrl-C. */
async function fleet(): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const stopping = listenForStop();
  const ends: (() => Promise<unknown>)[] = [];
  try {
    await run(ends, stopping);
  } finally {
    console.log('\nTaking it down: workers hand over what they have, then the servers end.');
    for (const end of ends.reverse()) await end().catch((error: unknown) => console.error(String(error)));
  }
}

async function run(ends: (() => Promise<unknown>)[], stopping: AbortSignal): Promise<void> {
  console.log('Starting Kafka and Redis: by address in the environment, else Docker, else programs of this machine …');
  const [kafka, redis] = await Promise.all([
    startKafka().then(service => {
      ends.push(() => service.stop());
      return service;
    }),
    startRedis().then(service => {
      ends.push(() => service.stop());
      return service;
    }),
  ]);
  const start = (name: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): FleetPart => {
    const part = startFleetPart({ name, args, env, cwd: root, folder });
    ends.push(() => part.stop());
    return part;
  };
  const provider = start('simulator', [
    'simulator',
    '--json',
    '--dir',
    join(folder, 'simulator'),
    '--time-scale',
    timeScale,
    ...latency,
  ]);
  const env = {
    FLOTILLA_KAFKA_BROKERS: kafka.brokers.join(','),
    FLOTILLA_REDIS_URL: redis.url,
    FLOTILLA_TOPIC_PREFIX: topicPrefix,
    FLOTILLA_TIME_SCALE: timeScale,
    FLOTILLA_STATE: join(folder, 'state'),
    ANTHROPIC_API_KEY: 'sk-ant-simulated',
    ANTHROPIC_BASE_URL: await provider.address(),
  };
  const workers = roleNames.map(role =>
    start(role, ['worker', '--json', '--roles', role, '--name', role, '--port', '0'], env),
  );
  for (const worker of workers) await worker.ready();
  // It only looks: the topics have to be there.
  const screens = start('console', ['console', '--json', '--port', '0'], env);
  const settings = join(folder, 'settings');
  writeFileSync(
    settings,
    Object.entries(env)
      .map(([name, value]) => `export ${name}='${value}'\n`)
      .join(''),
  );
  const health = await Promise.all(workers.map(async worker => [worker.name, await worker.address()] as const));
  console.log(
    guide({
      brokers: env.FLOTILLA_KAFKA_BROKERS,
      documents: writeDocuments(),
      settings,
      health,
      screens: await screens.address(),
    }),
  );
  await Promise.race([aborted(stopping), ...workers.map(worker => worker.failed())]);
}

/** Texts that are there on every machine, as native documents: they name their task, so no header is needed. */
function writeDocuments(): string {
  const path = join(folder, 'documents.jsonl');
  const lines = packageTexts(join(root, 'node_modules'), documentsCount).map(({ name, text }) =>
    JSON.stringify({ custom_id: name, task: 'classify', content: text }),
  );
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

function guide(facts: {
  brokers: string;
  documents: string;
  settings: string;
  health: readonly (readonly [string, string])[];
  screens: string;
}): string {
  const { brokers, documents, settings, health, screens } = facts;
  const here = (path: string): string => relative(process.cwd(), path) || '.';
  const row = (label: string, text: string): string => `  ${label.padEnd(9)} ${text}`;
  return [
    '',
    'The fleet is up. It answers with a simulator; nothing is bought.',
    '',
    row('Publish', `kcat -P -b ${brokers} -t ${topicPrefix}.documents.v1 -l ${here(documents)}`),
    row(
      'Read',
      `kcat -C -b ${brokers} -t ${topicPrefix}.results.v1 -X isolation.level=read_committed -o beginning -e -q`,
    ),
    row('Screens', screens),
    ...health.map(([name, url], index) => row(index === 0 ? 'Health' : '', `${url}/readyz  ${name}`)),
    row('Commands', `. ${here(settings)}; npx flotilla status | dead-letters | replay | audit`),
    row('Logs', `${here(folder)}/*.log`),
    '',
    'A lane closes at 100 documents or after 30 s. Ctrl-C takes all of it down.',
  ].join('\n');
}

/** The first Ctrl-C ends it in order; a second one at once, and what was started ends with this process. */
function listenForStop(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130);
      controller.abort();
    });
  }
  return controller.signal;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
