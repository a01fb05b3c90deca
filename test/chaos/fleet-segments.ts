import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { kafkaClassPath } from '#test/support/services/kafka-jars.ts';
import type { Place } from './fleet-results.ts';
import type { FleetWorld } from './fleet-world.ts';

const run = promisify(execFile);

/** Who wrote a record: what `kafka.tools.DumpLogSegments` shows of its record batch. */
export interface ProducerEpoch {
  producerId: number;
  epoch: number;
}

/** A raw copy and who wrote both; null when no record batch holds it. */
export interface TracedCopy {
  rid: string;
  isIdentical: boolean;
  producers: (ProducerEpoch | null)[];
}

interface RecordBatchLine extends ProducerEpoch {
  from: number;
  to: number;
}

/** Who wrote the copies of a terminal record, from the broker's own files. None are read when there is no copy. */
export async function traceCopies({ results, kafka, topic }: FleetWorld): Promise<TracedCopy[]> {
  const partitions = new Map<number, RecordBatchLine[]>();
  const producerOf = async ({ partition, offset }: Place): Promise<ProducerEpoch | null> => {
    let batches = partitions.get(partition);
    if (!batches) {
      batches = await readRecordBatches(join(kafka.dataFolder ?? '', `${topic('results')}-${partition}`));
      partitions.set(partition, batches);
    }
    const found = batches.find(({ from, to }) => from <= offset && offset <= to);
    return found ? { producerId: found.producerId, epoch: found.epoch } : null;
  };
  const traced: TracedCopy[] = [];
  for (const { rid, isIdentical, first, copy } of results.copies) {
    traced.push({ rid, isIdentical, producers: [await producerOf(first), await producerOf(copy)] });
  }
  return traced;
}

async function readRecordBatches(folder: string): Promise<RecordBatchLine[]> {
  const segments = globSync('*.log', { cwd: folder }).sort();
  const batches: RecordBatchLine[] = [];
  for (const segment of segments) {
    const args = ['kafka.tools.DumpLogSegments', '--files', join(folder, basename(segment))];
    const java = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-cp', await kafkaClassPath(), ...args];
    const { stdout } = await run('java', java, { maxBuffer: 256 * 1024 * 1024 });
    for (const line of stdout.split('\n')) {
      const match = batchPattern.exec(line);
      if (!match) continue;
      const [from, to, producerId, epoch] = match.slice(1).map(Number) as [number, number, number, number];
      batches.push({ from, to, producerId, epoch });
    }
  }
  return batches;
}

const batchPattern = /^baseOffset: (\d+) lastOffset: (\d+) .*?producerId: (-?\d+) producerEpoch: (-?\d+)/;
