import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeTemporaryFolder } from '../temporary-folder.ts';
import { ensurePrograms, freePorts } from './service-chain.ts';
import { type KafkaService, startKafka } from './start-kafka.ts';

const run = promisify(execFile);
const storePassword = 'for-this-test-only';

export interface SecureKafka extends KafkaService {
  /** Of the listener that speaks TLS and asks who it is. */
  secureBrokers: string[];
  /** Of whoever signed the broker's certificate, as PEM. */
  authority: string;
}

/** A broker of this machine with a second listener: TLS, SASL PLAIN, and rights for `worker` alone. */
export async function startSecureKafka(passwords: Readonly<Record<string, string>>): Promise<SecureKafka> {
  ensurePrograms(['keytool'], ['openjdk-17-jre-headless']);
  const folder = makeTemporaryFolder('kafka-keys');
  const { store, authority } = await makeKeys(folder.path);
  const [securePort] = (await freePorts(1)) as [number];
  const users = Object.entries(passwords).map(([user, password]) => `user_${user}="${password}"`);
  const kafka = await startKafka({
    isOwn: true,
    properties: ({ port, controllerPort }) => ({
      listeners: [
        `PLAINTEXT://127.0.0.1:${port}`,
        `SECURE://127.0.0.1:${securePort}`,
        `CONTROLLER://127.0.0.1:${controllerPort}`,
      ].join(','),
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${port},SECURE://127.0.0.1:${securePort}`,
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,SECURE:SASL_SSL,CONTROLLER:PLAINTEXT',
      'sasl.enabled.mechanisms': 'PLAIN',
      'listener.name.secure.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required ${users.join(' ')};`,
      'ssl.keystore.type': 'PKCS12',
      'ssl.keystore.location': store,
      'ssl.keystore.password': storePassword,
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:ANONYMOUS;User:worker',
    }),
  });
  const stop = async (): Promise<void> => {
    await kafka.stop();
    folder.remove();
  };
  return { ...kafka, stop, secureBrokers: [`127.0.0.1:${securePort}`], authority };
}

async function makeKeys(folder: string): Promise<{ store: string; authority: string }> {
  const store = join(folder, 'broker.p12');
  const certificate = join(folder, 'broker.pem');
  const common = ['-keystore', store, '-storepass', storePassword, '-alias', 'broker'];
  const subject = ['-dname', 'CN=127.0.0.1', '-ext', 'SAN=IP:127.0.0.1'];
  await run('keytool', [
    '-genkeypair',
    '-keyalg',
    'EC',
    '-storetype',
    'PKCS12',
    '-validity',
    '2',
    ...subject,
    ...common,
  ]);
  await run('keytool', ['-exportcert', '-rfc', '-file', certificate, ...common]);
  return { store, authority: await readFile(certificate, 'utf8') };
}
