import { Claims, type ClaimsSnapshot } from './claims.ts';
import { CacheLessons, type CacheLessonsSnapshot } from './prompt-cache/cache-lessons.ts';
import type { View } from './view.ts';

/** A view at a position, as plain data. An unknown version is ignored and the log is read instead. */
export interface ViewSnapshot {
  v: typeof snapshotVersion;
  fleet: string;
  journalOffset: number;
  settledOffsets: number[];
  view: Record<string, unknown>;
}

/**
 * Version 2 has the plans of batches, primes in full, and what was learnt of the cache; 3 what accounts were adjusted by; 4 amounts in quarters of a
 * nanodollar. Each new kind
 * of record, and each new version of one, needs another: a program that does not know it must not start behind it.
 */
export const snapshotVersion = 4;

const mapNames = [
  'accounts',
  'batches',
  'keys',
  'bks',
  'pids',
  'caps',
  'used',
  'primes',
  'adjusted',
  'retries',
  'settledAhead',
] as const;

/** A pure function of the journal and settled up to the given offsets. */
export function takeSnapshot(view: View, at: { journalOffset: number; settledOffsets: number[] }): ViewSnapshot {
  const maps = Object.fromEntries(mapNames.map(name => [name, [...view[name]]]));
  const { fleet, unknown } = view;
  const sets = { canceledRuns: [...view.canceledRuns], pastPrimes: [...view.pastPrimes] };
  const rest = { fleet, unknown, claims: view.claims.toSnapshot(), ...sets };
  const lessons = view.lessons.toSnapshot();
  return { v: snapshotVersion, fleet: fleet?.id ?? '', ...at, view: structuredClone({ ...maps, ...rest, lessons }) };
}

/**
 * @returns null when the snapshot is of another version, or was taken after a record that its writer did not understand
 * (this code may): read the log from the start
 */
export function viewFromSnapshot(snapshot: ViewSnapshot): View | null {
  if (snapshot.v !== snapshotVersion || snapshot.view.unknown !== null) return null;
  const plain = structuredClone(snapshot.view);
  const maps = Object.fromEntries(mapNames.map(name => [name, new Map(plain[name] as [string, unknown][])]));
  return {
    ...(maps as unknown as View),
    fleet: plain.fleet as View['fleet'],
    unknown: plain.unknown as View['unknown'],
    claims: Claims.fromSnapshot(plain.claims as ClaimsSnapshot),
    canceledRuns: new Set(plain.canceledRuns as string[]),
    pastPrimes: new Set(plain.pastPrimes as string[]),
    lessons: CacheLessons.fromSnapshot(plain.lessons as CacheLessonsSnapshot),
  };
}
