import { zstdCompressSync } from 'node:zlib';
import kafkajs from 'kafkajs';
import createSnappy from 'kafkajs-snappy';
import { compressFrame } from 'lz4-napi';
import { headerNames } from '#core/headers.ts';
import { documentBytesMax } from '#core/limits.ts';
import type { Log } from '#ports/log.ts';

const { CompressionCodecs, CompressionTypes, Kafka, logLevel, Partitioners } = kafkajs;

/** Eight kinds of records that are no document, and what each is rejected with. */
export const poisonKinds: readonly { kind: string; value: Buffer; cause: string }[] = [
  { kind: 'bad JSON', value: Buffer.from('{"custom_id":"bad","content":"cut'), cause: 'invalid-json' },
  {
    kind: 'deep nesting',
    value: Buffer.from(`{"custom_id":"deep","data":${'['.repeat(5_000)}${']'.repeat(5_000)}}`),
    cause: 'too-deep',
  },
  { kind: 'too large', value: Buffer.alloc(documentBytesMax + 1_000, 'x'), cause: 'document-too-large' },
  {
    kind: 'wrong types',
    value: Buffer.from('{"custom_id":"types","content":{"not":"a text"}}'),
    cause: 'invalid-field',
  },
  {
    kind: 'unknown task',
    value: Buffer.from('{"custom_id":"task","task":"copi","content":"x"}'),
    cause: 'unknown-task',
  },
  { kind: 'empty', value: Buffer.alloc(0), cause: 'empty-record' },
  {
    kind: 'invalid UTF-8',
    value: Buffer.from('{"custom_id":"bytes","content":"\xff\xfe"}', 'latin1'),
    cause: 'invalid-utf8',
  },
  {
    kind: 'prototype keys',
    value: Buffer.from('{"custom_id":"proto","data":{"__proto__":{"admin":true}}}'),
    cause: 'forbidden-key',
  },
];

/** The four that Kafka has. kafkajs brings gzip alone; what reads is the adapter, by its own way. */
export const compressions = ['gzip', 'snappy', 'lz4', 'zstd'] as const;

const typeOf = {
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
} as const;

const compressors = {
  [CompressionTypes.Snappy]: async (bytes: Buffer) => createSnappy().compress({ buffer: bytes }),
  [CompressionTypes.LZ4]: async (bytes: Buffer) => compressFrame(bytes),
  [CompressionTypes.ZSTD]: async (bytes: Buffer) => zstdCompressSync(bytes),
};

const recordsPerBatch = 50;

export interface MixedOptions {
  brokers: readonly string[];
  topic: string;
  partitions: number;
  /** Poison included. */
  records: number;
  /** Every so manieth record is poison, of each kind in turn. */
  poisonEvery: number;
  /** The document with this number. */
  document(index: number): string;
}

/**
 * Publishes documents with poison among them, in the same compressed batches, each batch by another compression.
 * @returns by rid what a record has to be rejected with; null: it has to be answered
 */
export async function publishMixed(options: MixedOptions): Promise<Map<string, string | null>> {
  const { brokers, topic, partitions, records, poisonEvery } = options;
  for (const [type, compress] of Object.entries(compressors)) {
    const codec = { compress: (encoder: { buffer: Buffer }) => compress(encoder.buffer), decompress: async () => null };
    CompressionCodecs[Number(type) as 2 | 3 | 4] = () => codec;
  }
  const client = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING });
  const producer = client.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const wanted = new Map<string, string | null>();
  try {
    for (let [first, batch] = [0, 0]; first < records; batch += 1) {
      const partition = batch % partitions;
      // By rounds over the partitions, so that every one of them has all four.
      const compression = typeOf[compressions[Math.floor(batch / partitions) % 4] as keyof typeof typeOf];
      const some = Array.from({ length: Math.min(recordsPerBatch, records - first) }, (_, index) => first + index);
      const each = some.map(index => ({ index, poison: poisonAt(index, poisonEvery) }));
      const messages = each.map(({ index, poison }) => ({
        value: poison?.value ?? Buffer.from(options.document(index)),
        partition,
      }));
      const [sent] = await producer.send({ topic, messages, acks: -1, compression });
      for (const [place, { poison }] of each.entries())
        wanted.set(`${partition}/${Number(sent?.baseOffset) + place}`, poison?.cause ?? null);
      first += some.length;
    }
  } finally {
    await producer.disconnect();
  }
  return wanted;
}

const poisonAt = (index: number, every: number): (typeof poisonKinds)[number] | null =>
  index % every === every - 1 ? (poisonKinds[Math.floor(index / every) % poisonKinds.length] ?? null) : null;

/** What the results say, held against what was published. */
export interface MixedVerdict {
  succeeded: number;
  /** By cause. */
  rejected: Record<string, number>;
  /** What is not as it has to be, the first few. */
  wrong: string[];
  /** Of any partition of the documents, the longest time between two of its answers, ms by the log's clock. */
  longestStallMs: number;
}

const examplesMax = 10;

/** Reads every result and says what is missing, repeated, or not what it has to be. */
export async function judgeMixed(log: Log, wanted: ReadonlyMap<string, string | null>): Promise<MixedVerdict> {
  const verdict: MixedVerdict = { succeeded: 0, rejected: {}, wrong: [], longestStallMs: 0 };
  const moments = new Map<string, number[]>();
  const seen = new Set<string>();
  for (let partition = 0; partition < log.partitions('results'); partition++) {
    for (let [from, isAtEnd] = [0, false]; !isAtEnd; ) {
      const read = await log.read({ topic: 'results', partition, from, recordsMax: 1_000 });
      for (const { headers, value, at } of read.records) {
        const rid = headers[headerNames.rid] ?? '';
        const outcome = headers[headerNames.outcome] ?? '';
        const cause = outcome === 'succeeded' ? null : causeOf(value);
        if (seen.has(rid)) verdict.wrong.push(`${rid} is answered twice`);
        if (wanted.get(rid) !== cause) verdict.wrong.push(`${rid}: ${cause}, not ${wanted.get(rid)}`);
        seen.add(rid);
        if (cause === null) verdict.succeeded += 1;
        else verdict.rejected[cause] = (verdict.rejected[cause] ?? 0) + 1;
        const documents = rid.split('/')[0] ?? '';
        const known = moments.get(documents);
        if (known) known.push(at);
        else moments.set(documents, [at]);
      }
      from = read.nextOffset;
      isAtEnd = read.isAtEnd;
    }
  }
  for (const rid of wanted.keys()) if (!seen.has(rid)) verdict.wrong.push(`${rid} has no answer`);
  verdict.wrong.length = Math.min(verdict.wrong.length, examplesMax);
  verdict.longestStallMs = Math.max(0, ...[...moments.values()].map(longestGap));
  return verdict;
}

const causeOf = (value: Uint8Array): string => {
  const { cause } = JSON.parse(Buffer.from(value).toString()) as { cause?: string };
  return cause ?? 'none';
};

function longestGap(moments: readonly number[]): number {
  const sorted = moments.toSorted((a, b) => a - b);
  return sorted.reduce((longest, at, index) => Math.max(longest, at - (sorted[index - 1] ?? at)), 0);
}
