/** What this adapter uses of kafkajs 2.2.4 below its public face; the modules themselves are declared in `kafkajs-internals.d.ts`. */

export interface KafkaLogEntry {
  namespace: string;
  level: number;
  log: { message: string; broker?: string; [field: string]: unknown };
}

export interface KafkaLogger {
  namespace(name: string): KafkaLogger;
}

export interface Connection {
  isConnected(): boolean;
  connect(): Promise<unknown>;
  disconnect(): Promise<unknown>;
  rejectRequests(error: Error): void;
}

/** What kafkajs writes into a request: it looks at `buf` and copies `buffer`. */
export interface EncodedBody {
  buf: Buffer;
  buffer: Buffer;
}

export interface ProtocolRequest<Reply> {
  request: { apiKey: number; apiVersion: number; apiName: string; encode(): Promise<EncodedBody> };
  response: { decode(raw: Buffer): Promise<Reply>; parse(reply: Reply): Promise<Reply> };
  requestTimeout?: number;
  logResponseError?: boolean;
}

interface TopicPartitions {
  topic: string;
  partitions: number[];
}

interface OffsetTopic {
  topic: string;
  partitions: { partition: number; offset: string; metadata?: string | null }[];
}

export interface ProducerIdentity {
  transactionalId: string;
  producerId: string;
  producerEpoch: number;
}

export interface Broker {
  nodeId: number | string;
  connectionPool: { pool: Connection[]; send<Reply>(request: ProtocolRequest<Reply>): Promise<Reply> };
  isConnected(): boolean;
  initProducerId(options: { transactionalId?: string; transactionTimeout: number }): Promise<{
    producerId: string;
    producerEpoch: number;
  }>;
  addPartitionsToTxn(options: ProducerIdentity & { topics: TopicPartitions[] }): Promise<unknown>;
  addOffsetsToTxn(options: ProducerIdentity & { groupId: string }): Promise<unknown>;
  txnOffsetCommit(options: ProducerIdentity & { groupId: string; topics: OffsetTopic[] }): Promise<unknown>;
  endTxn(options: ProducerIdentity & { transactionResult: boolean }): Promise<unknown>;
  listOffsets(options: {
    replicaId?: number;
    isolationLevel: 0 | 1;
    topics: { topic: string; partitions: { partition: number; timestamp: string }[] }[];
  }): Promise<{ responses: { topic: string; partitions: { partition: number; offset: string }[] }[] }>;
  offsetCommit(options: {
    groupId: string;
    groupGenerationId: number;
    memberId: string;
    topics: OffsetTopic[];
  }): Promise<unknown>;
  joinGroup(options: {
    groupId: string;
    sessionTimeout: number;
    rebalanceTimeout: number;
    memberId: string;
    protocolType: string;
    groupProtocols: { name: string; metadata: Buffer }[];
  }): Promise<{
    generationId: number;
    leaderId: string;
    memberId: string;
    groupProtocol: string;
    members: { memberId: string; memberMetadata: Buffer }[];
  }>;
  syncGroup(options: {
    groupId: string;
    generationId: number;
    memberId: string;
    groupAssignment: { memberId: string; memberAssignment: Buffer }[];
  }): Promise<{ memberAssignment: Buffer }>;
  heartbeat(options: { groupId: string; groupGenerationId: number; memberId: string }): Promise<unknown>;
  leaveGroup(options: { groupId: string; memberId: string }): Promise<unknown>;
}
