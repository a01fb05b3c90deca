/**
 * The parts of kafkajs below its public face that this adapter builds on: connections, TLS, SASL, metadata and coordinators.
 * The version is pinned exactly and the library no longer moves, so these types are what 2.2.4 has.
 */
declare module 'kafkajs/src/cluster/index.js' {
  import type { Broker, KafkaLogger } from '#adapters/kafka/kafkajs-types.ts';

  export default class Cluster {
    constructor(options: Record<string, unknown> & { logger: KafkaLogger });
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    refreshMetadata(): Promise<void>;
    refreshMetadataIfNecessary(): Promise<void>;
    addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
    findBroker(options: { nodeId: number | string }): Promise<Broker>;
    findControllerBroker(): Promise<Broker>;
    findGroupCoordinator(options: { groupId: string; coordinatorType: 0 | 1 }): Promise<Broker>;
    findTopicPartitionMetadata(topic: string): { partitionId: number; leader: number; isr: number[] }[];
  }
}

declare module 'kafkajs/src/loggers/index.js' {
  import type { KafkaLogEntry, KafkaLogger } from '#adapters/kafka/kafkajs-types.ts';

  const loggers: {
    LEVELS: { NOTHING: number; ERROR: number; WARN: number; INFO: number; DEBUG: number };
    createLogger(options: { level: number; logCreator: () => (entry: KafkaLogEntry) => void }): KafkaLogger;
  };
  export default loggers;
}

declare module 'kafkajs/src/network/socketFactory.js' {
  const createSocketFactory: () => unknown;
  export default createSocketFactory;
}

declare module 'kafkajs/src/network/requestQueue/index.js' {
  export default class RequestQueue {
    pending: unknown[];
    throttledUntil: number;
    throttleCheckTimeoutId: NodeJS.Timeout | null;
    checkPendingRequests(): void;
    scheduleCheckPendingRequests(): void;
  }
}

declare module 'kafkajs/src/network/connection.js' {
  import type { Socket } from 'node:net';
  import type { KafkaLogger } from '#adapters/kafka/kafkajs-types.ts';

  export default class Connection {
    constructor(options: Record<string, unknown> & { logger: KafkaLogger });
    connectionStatus: string;
    socket: Socket | undefined;
    /** Of a reply that is not whole yet. */
    chunks: Buffer[];
    bytesBuffered: number;
    bytesNeeded: number;
    isConnected(): boolean;
    connect(): Promise<unknown>;
    disconnect(): Promise<unknown>;
    rejectRequests(error: Error): void;
    send(request: unknown): Promise<unknown>;
  }
}

declare module 'kafkajs/src/network/connectionPool.js' {
  import type { Connection } from '#adapters/kafka/kafkajs-types.ts';

  export default class ConnectionPool {
    pool: Connection[];
    getConnection(index?: number): Promise<Connection>;
  }
}

declare module 'kafkajs/src/consumer/assignerProtocol.js' {
  const protocol: {
    MemberMetadata: {
      encode(metadata: { version: number; topics: string[]; userData?: Buffer }): Buffer;
      decode(bytes: Buffer): { version: number; topics: string[]; userData: Buffer | null };
    };
    MemberAssignment: {
      encode(assignment: { version: number; assignment: Record<string, number[]>; userData?: Buffer }): Buffer;
      decode(bytes: Buffer): { version: number; assignment: Record<string, number[]> } | null;
    };
  };
  export default protocol;
}

declare module 'kafkajs-snappy' {
  export default function createSnappy(): {
    compress(encoder: { buffer: Buffer }): Promise<Buffer>;
    decompress(bytes: Buffer): Promise<Buffer>;
  };
}
