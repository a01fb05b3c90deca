/**
 * Hints of what may be worth looking at. A job carries ids only; it may vanish, repeat, or run twice at the same time:
 * whoever takes one looks at the view and takes the next legal step. The sweep re-derives every missing one.
 *
 * MUST: `add` of an id that waits or is taken changes nothing. A taken job that is neither done nor postponed comes back
 * after `lockMs`; when its taker died it may come back sooner. While the queue is away, `take` gives nothing within
 * `waitMs`, and whatever else is asked rejects at once with `queue-unavailable`.
 */
export interface WorkQueue {
  add(job: Job): Promise<void>;
  /** At most `limit` due jobs, hidden from others for `lockMs`; waits up to `waitMs` for the first. */
  take(queue: QueueName, options: TakeOptions): Promise<Job[]>;
  done(queue: QueueName, id: string): Promise<void>;
  /** Puts a taken job back, due in `delayMs`. */
  postpone(queue: QueueName, id: string, delayMs: number): Promise<void>;
  /** Waiting jobs by queue, due or not. */
  depths(): Promise<Record<QueueName, number>>;
  /** No process takes a submit of this account for so long: one was told to wait. Absent where there is one process. */
  holdSubmits?(account: string, ms: number): Promise<void>;
}

/** `submit`: a batch to create or close. `collect`: a batch to read and settle. `retry`: an item to seal alone. */
export const queueNames = ['submit', 'collect', 'retry'] as const;
export type QueueName = (typeof queueNames)[number];

export interface Job {
  queue: QueueName;
  /** A batch key, or `<partition>-<offset>-<att>` for a retry. */
  id: string;
  /** Whose provider account it is about: taken by those who serve it. Absent: by anybody. Never part of what is taken. */
  account?: string;
  delayMs?: number;
}

export interface TakeOptions {
  limit: number;
  lockMs: number;
  waitMs: number;
  signal?: AbortSignal;
}
