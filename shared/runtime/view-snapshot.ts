import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { decodeJournal } from '#contracts/journal-codec.ts';
import { snapshotVersion, takeSnapshot, type ViewSnapshot, viewFromSnapshot } from '#core/snapshot.ts';
import type { Clock } from '#ports/clock.ts';
import type { Log } from '#ports/log.ts';
import type { Telemetry } from '#ports/telemetry.ts';
import type { Loop } from './loop.ts';
import type { ViewFollower, ViewStart } from './view-follower.ts';

const recordsPerRead = 1_000;
/** A start that has fewer records to fold is fast enough. */
const recordsBetween = 2_000;
const lookEveryMs = 30_000;

/**
 * Where a view may begin: the snapshot of a file, when it is whole, of this version and of this very log. Anything else
 * is ignored, with a note: the log is then folded from its start, which only takes longer.
 */
export async function readViewSnapshot(
  path: string,
  { log, telemetry }: { log: Log; telemetry: Telemetry },
): Promise<ViewStart | null> {
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return null;
  const ignored = (why: string): null => {
    telemetry.note('warn', 'snapshot-ignored', { path, why });
    return null;
  };
  const snapshot = parseSnapshot(text);
  if (!snapshot) return ignored('damaged');
  const strange = await strangeness(snapshot, log);
  if (strange !== null) return ignored(strange);
  const view = viewFromSnapshot(snapshot);
  if (!view) return ignored('of another version');
  telemetry.note('info', 'snapshot-read', { path, journalOffset: snapshot.journalOffset });
  return { view, journalOffset: snapshot.journalOffset, settledOffsets: snapshot.settledOffsets };
}

/** Whole or not at all: it is written beside its place, synced, and renamed. Processes of one machine may share the file. */
export async function writeViewSnapshot(path: string, follower: ViewFollower): Promise<void> {
  const { view, positions } = follower; // taken in one step: nothing is folded in between
  const text = JSON.stringify(takeSnapshot(view, positions));
  const part = `${path}.${process.pid}.part`;
  await mkdir(dirname(path), { recursive: true });
  try {
    const file = await open(part, 'w', 0o600);
    try {
      await file.writeFile(`${digestOf(text)}\n${text}`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

/** Writes a snapshot now and then, when enough was folded since the last. */
export function snapshotLoop(options: {
  path: string;
  follower: ViewFollower;
  clock: Clock;
  telemetry: Telemetry;
  /** Journal records folded since the last one. */
  recordsBetween?: number;
  everyMs?: number;
}): Loop {
  const { path, follower, clock, telemetry, everyMs = lookEveryMs } = options;
  let writtenAt = follower.positions.journalOffset;
  return {
    name: 'snapshot',
    async round(signal) {
      await clock.sleep(everyMs, signal);
      const { journalOffset } = follower.positions;
      // A record of another version is not understood here: whoever reads the log with newer code must see it.
      if (follower.view.unknown || journalOffset - writtenAt < (options.recordsBetween ?? recordsBetween)) return;
      await writeViewSnapshot(path, follower);
      writtenAt = journalOffset;
      telemetry.note('info', 'snapshot-written', { path, journalOffset });
    },
  };
}

function parseSnapshot(text: string): ViewSnapshot | null {
  const [digest = '', ...rest] = text.split('\n');
  const body = rest.join('\n');
  if (digest !== digestOf(body)) return null;
  const snapshot = JSON.parse(body) as ViewSnapshot;
  return snapshot.v === snapshotVersion && Array.isArray(snapshot.settledOffsets) ? snapshot : null;
}

/** Why a snapshot is not of this log, or null. */
async function strangeness(snapshot: ViewSnapshot, log: Log): Promise<string | null> {
  const { fleet, journalOffset, settledOffsets } = snapshot;
  if (settledOffsets.length !== log.partitions('settled')) return 'of another number of settled partitions';
  if ((await log.endOffset('journal', 0)) < journalOffset) return 'beyond the end of the journal';
  for (const [shard, offset] of settledOffsets.entries()) {
    if ((await log.endOffset('settled', shard)) < offset) return 'beyond the end of settled';
  }
  const found = await fleetOf(log);
  return found === null || found === fleet ? null : 'of another fleet';
}

/** The fleet that the beginning of the journal names; null when that part is gone. */
async function fleetOf(log: Log): Promise<string | null> {
  const { records } = await log.read({ topic: 'journal', partition: 0, from: 0, recordsMax: recordsPerRead });
  for (const { value, at } of records) {
    const record = decodeJournal(value, at);
    if (record.kind === 'FLEET') return record.fleet;
  }
  return null;
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');
