import { z } from 'zod';
import { roleNames } from './roles.ts';

const laneSchema = z.object({
  key: z.string(),
  items: z.number(),
  itemsMax: z.number(),
  ageMs: z.number(),
  ageMsMax: z.number(),
});

const workerSchema = z.object({
  worker: z.string(),
  /** One life of it. */
  incarnation: z.string(),
  roles: z.array(z.enum(roleNames)),
  host: z.string(),
  pid: z.number(),
  /** Wall clock of the worker, ms since the epoch. */
  startedAt: z.number(),
  seenAt: z.number(),
  /** Where its health is served. */
  url: z.string().nullable(),
  isDraining: z.boolean(),
  /** Open lanes of its accumulator, the fullest first, so many at most. */
  lanes: z.array(laneSchema),
  /** Of all of them. */
  laneCount: z.number(),
  laneItems: z.number(),
  /** Batches that its submitter holds back. */
  parked: z.number(),
  /** Of these, how many a cap of their run holds back. */
  capped: z.number().optional(),
  /** How far its view has read the journal. */
  journalOffset: z.number(),
  /** Loops whose last round failed, with the code of the error. */
  troubles: z.array(z.object({ loop: z.string(), code: z.string() })),
});

/** What a worker of a fleet says of itself every few seconds, under `worker/<name>`. A hint: for screens, and for who does what. */
export type WorkerHint = z.output<typeof workerSchema>;

export const workerHintPrefix = 'worker/';

export const workerHintName = (worker: string): string => `${workerHintPrefix}${worker}`;

/** How often it is said, and after what time of silence it is gone. */
export const workerHintEveryMs = 2_000;
export const workerHintTtlMs = 8_000;

/** More lanes are only counted. */
export const workerHintLanesMax = 100;

/** @returns null for what an older or newer worker said and this code cannot read */
export function parseWorkerHint(value: unknown): WorkerHint | null {
  const parsed = workerSchema.safeParse(value);
  return parsed.success ? parsed.data : null;
}
