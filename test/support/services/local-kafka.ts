import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeTemporaryFolder } from '../temporary-folder.ts';
import { waitUntil } from '../wait-until.ts';
import { answersKafka } from './answers-kafka.ts';
import { type GuardedProcess, startGuarded } from './guarded-process.ts';
import { kafkaClassPath } from './kafka-jars.ts';
import { ensurePrograms, freePorts } from './service-chain.ts';
import type { KafkaService, StartKafkaOptions } from './start-kafka.ts';

const run = promisify(execFile);
const startTimeoutMs = 60_000;

/** Whatever a broker runs in: it is alone, so topics of its own have one copy, and tests do not wait for anybody to join. */
export const lonelySettings = {
  'offsets.topic.replication.factor': 1,
  'offsets.topic.num.partitions': 4,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'transaction.state.log.num.partitions': 4,
  'group.initial.rebalance.delay.ms': 0,
  'group.min.session.timeout.ms': 1_000,
  'auto.create.topics.enable': 'false',
} as const;

const javaOptions = ['-Xmx512m', '-Xms256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

/** One broker and controller in one Java process, on free ports and a folder of its own. */
export async function startLocalKafka(options: StartKafkaOptions = {}): Promise<KafkaService> {
  ensurePrograms(['java', 'mvn'], ['openjdk-17-jre-headless', 'maven']);
  const classPath = await kafkaClassPath();
  const folder = makeTemporaryFolder('kafka');
  const [port, controllerPort, portBehindProxy] = (await freePorts(3)) as [number, number, number];
  const properties = join(folder.path, 'server.properties');
  const data = join(folder.path, 'data');
  await mkdir(data);
  writeFileSync(properties, propertiesOf({ port, controllerPort, portBehindProxy, data, options }));
  const tool = ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-cp', classPath, 'kafka.tools.StorageTool'];
  const { stdout } = await run('java', [...tool, 'random-uuid']);
  const id = stdout.trim().split('\n').at(-1) as string;
  await run('java', [...tool, 'format', '-t', id, '-c', properties]);

  const brokers = [`127.0.0.1:${port}`];
  let broker: GuardedProcess | null = null;
  async function start(): Promise<void> {
    const args = [...javaOptions, '-cp', classPath, 'kafka.Kafka', properties];
    const started = startGuarded('java', args, join(folder.path, 'broker.log'));
    broker = started;
    await waitUntil(
      `a Kafka broker on ${brokers[0]}`,
      () => {
        if (started.hasEnded()) throw new Error(`the Kafka broker ended: see ${folder.path}/broker.log`);
        return answersKafka(port);
      },
      { withinMs: startTimeoutMs },
    );
  }
  await start();
  return {
    brokers,
    portBehindProxy,
    get pid() {
      return broker?.pid ?? null;
    },
    dataFolder: data,
    async kill(signal) {
      await broker?.kill(signal);
    },
    async restart() {
      if (broker !== null && !broker.hasEnded()) await broker.kill('SIGTERM');
      await start();
    },
    async stop() {
      // Nothing of it is wanted any more, so it need not end in order.
      if (broker !== null && !broker.hasEnded()) await broker.kill('SIGKILL');
      folder.remove();
    },
  };
}

function propertiesOf({
  port,
  controllerPort,
  portBehindProxy,
  data,
  options,
}: {
  port: number;
  controllerPort: number;
  portBehindProxy: number;
  data: string;
  options: StartKafkaOptions;
}): string {
  const settings: Record<string, string | number> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': data,
    ...lonelySettings,
    'broker.session.timeout.ms': options.brokerSessionTimeoutMs ?? 2_000,
    'broker.heartbeat.interval.ms': 500,
    ...(options.advertisedProxyPort ? proxyListener({ port, controllerPort, portBehindProxy, options }) : {}),
    ...(typeof options.properties === 'function' ? options.properties({ port, controllerPort }) : options.properties),
  };
  return `${Object.entries(settings)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')}\n`;
}

/** Kafka's clients go to the address they are told, so what comes in by the second listener is told the proxy's. */
function proxyListener({
  port,
  controllerPort,
  portBehindProxy,
  options,
}: {
  port: number;
  controllerPort: number;
  portBehindProxy: number;
  options: StartKafkaOptions;
}): Record<string, string> {
  const at = (listener: string, where: number | undefined): string => `${listener}://127.0.0.1:${where}`;
  const [direct, proxied] = [at('PLAINTEXT', port), at('PROXIED', portBehindProxy)];
  return {
    listeners: [direct, proxied, at('CONTROLLER', controllerPort)].join(','),
    'advertised.listeners': [direct, at('PROXIED', options.advertisedProxyPort)].join(','),
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT',
  };
}
