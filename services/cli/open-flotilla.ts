import type { Producer } from '#client/create-producer.ts';
import { defineConfig } from '#contracts/config.ts';
import { loadConfig } from '#runtime/config/load-config.ts';
import { type Answer, AnswerDesk } from './answer-desk.ts';
import { type Embedded, openEmbedded } from './embedded.ts';
import { embeddedSettings } from './embedded-settings.ts';

export type { Producer } from '#client/create-producer.ts';
export type { Answer } from './answer-desk.ts';
export { defineConfig };

export interface OpenFlotillaOptions {
  /** Values by the path of their setting, such as `state` or `providers.anthropic.apiKey`; before environment and file. */
  settings?: Readonly<Record<string, unknown>>;
  /** Where the search for `flotilla.config.ts` begins; the working directory when absent. */
  directory?: string;
  configPath?: string;
}

/** The fleet of this machine, in this process. */
export interface Flotilla {
  /** True when no key is configured and the simulator answers. */
  isSimulated: boolean;
  /**
   * Appends one document and waits for its answer, which may take the provider's 24 hours. Once appended it is answered
   * whatever happens to this process; only the waiting ends with it.
   * @param document any of the four shapes, as an object
   * @throws FlotillaError log-unavailable | disk-full; engine-lost when the fleet is closed meanwhile
   */
  enqueue(document: Readonly<Record<string, unknown>>, options?: EnqueueOptions): Promise<Answer>;
  /** Stops the local engine. Batches at the provider go on; whoever opens the fleet again collects them. */
  close(): Promise<void>;
}

export interface EnqueueOptions {
  /** Task of a document that names none. */
  task?: string;
  /** Claimed for the document: a second one with the same key is not bought. */
  idempotencyKey?: string;
}

/**
 * Opens the state folder and becomes its engine, unless another process is.
 * @throws FlotillaError invalid-config | unknown-setting | log-unavailable | log-newer
 */
export async function openFlotilla(options: OpenFlotillaOptions = {}): Promise<Flotilla> {
  const loaded = await loadConfig(configOptions(options));
  const embedded: Embedded = openEmbedded(embeddedSettings(loaded));
  await embedded.becomeEngine();
  const desk = await AnswerDesk.open(embedded);
  return {
    isSimulated: embedded.isSimulated,
    enqueue: (document, given = {}) => desk.enqueue(document, given),
    async close() {
      await desk.close();
      await embedded.close();
    },
  };
}

/**
 * Publishes documents to a fleet on Kafka, from any program, and waits for answers if asked. Brokers, topic prefix and
 * credentials come from `settings`, the environment and `flotilla.config.ts`, as for every command.
 *
 *     const producer = await openProducer({ settings: { 'kafka.brokers': ['localhost:9092'] } });
 *     const answer = await producer.sendAndWait({ custom_id: 'a', task: 'summarise', content: 'The harbour …' });
 *     await producer.close();
 *
 * @throws FlotillaError invalid-config | unknown-setting | topic-unfit | log-unavailable
 */
export async function openProducer(options: OpenFlotillaOptions = {}): Promise<Producer> {
  // Kafka's client is not for who has one machine.
  const { openFleetProducer, settingsOfProducer } = await import('./open-producer.ts');
  const load = (flags: Readonly<Record<string, unknown>>) => {
    const config = configOptions(options);
    return loadConfig({ ...config, flags: { ...config.flags, ...flags } });
  };
  return openFleetProducer(await settingsOfProducer(load));
}

const configOptions = ({ settings = {}, directory = process.cwd(), configPath }: OpenFlotillaOptions) => ({
  directory,
  flags: settings,
  env: process.env,
  ...(configPath === undefined ? {} : { configPath }),
});
