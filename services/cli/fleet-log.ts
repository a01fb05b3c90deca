import { readFileSync } from 'node:fs';
import { type ClusterReport, inspectCluster, type TopicReport } from '#adapters/kafka/inspect-cluster.ts';
import type { OpenTransaction } from '#adapters/kafka/kafka-log.ts';
import { type OpenKafkaLogOptions, openKafkaLog } from '#adapters/kafka/open-kafka-log.ts';
import { createTelemetry } from '#adapters/pino/create-telemetry.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Log, Topic } from '#ports/log.ts';
import type { Telemetry } from '#ports/telemetry.ts';
import type { FleetSettings, KafkaSettings } from '#runtime/config/fleet-settings.ts';
import { insecureFault } from '#runtime/config/insecure-fault.ts';
import type { LoadedConfig } from '#runtime/config/load-config.ts';
import { documentsFromOutside } from '#runtime/documents-from-outside.ts';
import { intakeGroup } from '#services/accumulator/intakes.ts';

export type { ClusterReport, OpenTransaction, TopicReport };

/** A fleet's log, and what its processes ask it beside the port. */
export interface FleetLog extends Log {
  /** Brokers, for screens. */
  address: string;
  /** As the brokers call them, for whoever looks there. */
  documentsTopic: string;
  intakeGroup: string;
  /** The oldest record there is. */
  oldestOffset(topic: Topic, partition: number): Promise<number>;
  /** False when there is something to read and nothing was read for long: only a new start helps. */
  health(): { isHealthy: boolean; why: string | null };
  /** Who keeps a transaction open, and where readers stand because of it. */
  openTransactions(): Promise<OpenTransaction[]>;
  close(): Promise<void>;
}

export interface OpenFleetLogOptions {
  telemetry: Telemetry;
  /** As the brokers see this process. */
  clientId: string;
  /** True for a command that looks: it makes no topics, so that a prefix that was mistyped shows. */
  isReader?: boolean;
}

/** @throws FlotillaError invalid-config | topic-unfit | log-forbidden | log-unavailable */
export async function openFleetLog(settings: LoadedConfig, options: OpenFleetLogOptions): Promise<FleetLog> {
  const { kafka, topicPrefix } = requireFleet(settings);
  const { telemetry, clientId, isReader = false } = options;
  const log = await openKafkaLog({
    ...connectionOf(kafka),
    clientId,
    topicPrefix,
    ...(kafka.documentsTopic === null ? {} : { documentsTopic: kafka.documentsTopic }),
    ...(kafka.partitions === null ? {} : { partitions: { documents: kafka.partitions } }),
    ...(kafka.replicas === null ? {} : { replicationFactor: kafka.replicas }),
    mayCreateTopics: !isReader,
    note: (level, event, fields) => telemetry.note(level, event, fields),
  });
  return Object.assign(documentsFromOutside(log, { isTenantTrusted: kafka.trustsTenants }), {
    address: kafka.brokers.join(','),
    documentsTopic: kafka.documentsTopic ?? `${topicPrefix}.documents.v1`,
    intakeGroup: `${topicPrefix}.${intakeGroup}`,
  });
}

/** The same for a command that only looks: it is silent, makes no topics, and closes when it has looked. */
export async function lookAtFleetLog<T>(
  settings: LoadedConfig,
  { clientId, look }: { clientId: string; look: (log: FleetLog) => Promise<T> },
): Promise<T> {
  const telemetry = createTelemetry({ level: 'silent', path: null, process: clientId });
  const log = await openFleetLog(settings, { telemetry, clientId, isReader: true });
  try {
    return await look(log);
  } finally {
    await log.close();
  }
}

/** What the cluster is like, whether or not the log can be opened. @throws FlotillaError log-unavailable | log-forbidden */
export function inspectFleetCluster(settings: LoadedConfig, clientId: string): Promise<ClusterReport> {
  const { kafka, topicPrefix } = requireFleet(settings);
  const documentsTopic = kafka.documentsTopic ?? undefined;
  return inspectCluster({ ...connectionOf(kafka), clientId }, { topicPrefix, documentsTopic });
}

/**
 * The settings of a fleet, once it may be connected to: whoever opens anything of it asks here first.
 * @throws FlotillaError invalid-config without brokers; insecure-connection
 */
export function requireFleet({ fleet }: LoadedConfig): FleetSettings {
  if (fleet) {
    const fault = insecureFault(fleet);
    if (fault) throw fault;
    return fleet;
  }
  throw new FlotillaError('invalid-config', {
    where: 'kafka.brokers',
    why: 'no brokers are configured: without them the log is a file of this machine',
    fix: 'set FLOTILLA_KAFKA_BROKERS and FLOTILLA_REDIS_URL',
  });
}

/** The credentials are revealed here and nowhere else. */
function connectionOf({
  brokers,
  ssl,
  caFile,
  sasl,
}: KafkaSettings): Pick<OpenKafkaLogOptions, 'brokers' | 'ssl' | 'sasl'> {
  const login = sasl && { username: sasl.username, password: sasl.password.reveal() };
  return {
    brokers,
    ...(ssl ? { ssl: caFile === null ? true : { ca: readAuthority(caFile) } } : {}),
    ...(login ? { sasl: { mechanism: sasl.mechanism, ...login } as NonNullable<OpenKafkaLogOptions['sasl']> } : {}),
  };
}

function readAuthority(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new FlotillaError('invalid-config', { where: `kafka.caFile: ${path}`, why: 'it cannot be read', cause });
  }
}
