import type { Log } from '#ports/log.ts';

/** How far intake has come, from the log itself. */
export interface Intake {
  /** Offsets of documents that are not sealed yet, over all partitions: in lanes, or not read. */
  unsealed: number;
  /** The partitions that have any, the longest first. */
  partitions: { partition: number; unsealed: number }[];
  journalEnd: number;
}

const partitionsShownMax = 12;

/** @returns null when the log cannot be asked now */
export async function readIntake(log: Log, group: string): Promise<Intake | null> {
  try {
    const all = Array.from({ length: log.partitions('documents') }, async (_, partition) => {
      const [end, position] = await Promise.all([
        log.endOffset('documents', partition),
        log.position(group, 'documents', partition),
      ]);
      return { partition, unsealed: Math.max(0, end - (position?.offset ?? 0)) };
    });
    const waiting = (await Promise.all(all)).filter(({ unsealed }) => unsealed > 0);
    return {
      unsealed: waiting.reduce((sum, { unsealed }) => sum + unsealed, 0),
      partitions: waiting.sort((a, b) => b.unsealed - a.unsealed).slice(0, partitionsShownMax),
      journalEnd: await log.endOffset('journal', 0),
    };
  } catch {
    return null; // the projection says why
  }
}
