import { addToLane, type Lane, openLane } from '#core/lane.ts';
import { isAlone } from '#core/outcome.ts';
import { claimKey, formatRid, parseClaimKey } from '#core/rid.ts';
import type { RetryRow } from '#core/settled.ts';
import { dueRetries } from '#core/view.ts';
import type { Clock } from '#ports/clock.ts';
import type { Log } from '#ports/log.ts';
import type { Telemetry } from '#ports/telemetry.ts';
import type { WorkQueue } from '#ports/work-queue.ts';
import { findDocuments, type ReadDocument } from '#runtime/document-reader.ts';
import type { Routing } from '#runtime/routing.ts';
import type { ViewFollower } from '#runtime/view-follower.ts';
import type { WorkMeter } from '#runtime/work-meter.ts';
import type { Intakes } from './intakes.ts';
import type { Lanes, Placed } from './lanes.ts';
import type { Arrival, Placer } from './placer.ts';
import { waitsUntil } from './reuse-desk.ts';
import type { Sealer } from './sealer.ts';

export interface RetriesPorts {
  log: Log;
  queue: WorkQueue;
  clock: Clock;
  telemetry: Telemetry;
  follower: ViewFollower;
  routing: Routing;
}

/** What retries go through: the same lanes and the same seal as what is asked for the first time. */
interface Parts {
  intakes: Intakes;
  lanes: Lanes;
  placer: Placer;
  sealer: Sealer;
  meter: WorkMeter;
}

const retriesPerRound = 1_000;
const retryLockMs = 60_000;

/** Documents that did not succeed and are due again. */
export class Retries {
  readonly #ports: RetriesPorts;
  readonly #parts: Parts;
  /** Documents of due retries that are no longer in the log, each told once. */
  readonly #gone = new Set<string>();

  constructor(ports: RetriesPorts, parts: Parts) {
    this.#ports = ports;
    this.#parts = parts;
  }

  /** What hit a whole batch goes back to a lane, at the owner of its partition. @returns true when there may be more */
  async gather(): Promise<boolean> {
    const { follower, clock } = this.#ports;
    const { intakes, lanes, placer } = this.#parts;
    if (follower.view.retries.size === 0) return false;
    const due = dueRetries(follower.view, clock.now())
      .filter(([key, row]) => !isAlone(row.cause) && intakes.get(row.p) !== undefined && !lanes.hasRetry(key))
      .filter(([, row]) => !this.#gone.has(ridOf(row)))
      .slice(0, retriesPerRound);
    if (due.length === 0) return false;
    const found = await this.#read(due.map(([, row]) => row));
    for (const [, row] of due) {
      const read = found.get(ridOf(row));
      if (read) lanes.add(placer.place(read, arrivalOf(row, read)));
    }
    return due.length === retriesPerRound;
  }

  /** What lies in an item is sealed alone: half price, and it leaves a trace that can be found. @returns true if there was any */
  async sealAlone(): Promise<boolean> {
    const { queue, follower, clock } = this.#ports;
    const { placer, sealer, meter } = this.#parts;
    const jobs = await queue.take('retry', { limit: 50, lockMs: retryLockMs, waitMs: 0 });
    const rows = jobs.flatMap(({ id }) => follower.view.retries.get(id) ?? []);
    for (const { notBefore } of rows) meter.waited('retry', clock.now() - notBefore);
    const found = await this.#read(rows);
    const placed = rows.flatMap(row => {
      const read = found.get(ridOf(row));
      return read ? placer.place(read, arrivalOf(row, read)) : [];
    });
    await sealer.seal(placed.map(each => ({ lane: this.#laneAlone(each), reason: 'retry' })));
    for (const { id } of jobs) {
      const claim = parseClaimKey(id);
      const isOpen = claim !== null && !follower.view.claims.has(claim);
      if (isOpen)
        await queue.postpone('retry', id, 2_000); // the hint came before the record, or its document is gone
      else await queue.done('retry', id);
    }
    return jobs.length > 0;
  }

  #laneAlone({ item, settings }: Placed): Lane {
    const lane = openLane({ ...settings, key: `alone|${claimKey(item)}` });
    addToLane(lane, item, this.#ports.clock.monotonic());
    return lane;
  }

  /** Their documents. One that is gone (the log was pruned too early) must not stop the others, so it is only told. */
  async #read(rows: readonly RetryRow[]): Promise<Map<string, ReadDocument>> {
    const { log, routing, telemetry } = this.#ports;
    const rids = rows.map(({ p, o }) => ({ partition: p, offset: o }));
    const found = await findDocuments(log, rids, routing.documents);
    for (const rid of rids.map(formatRid)) {
      if (found.has(rid) || this.#gone.has(rid)) continue;
      this.#gone.add(rid);
      telemetry.note('error', 'document-gone', { rid });
    }
    return found;
  }
}

const ridOf = ({ p, o }: RetryRow): string => formatRid({ partition: p, offset: o });

function arrivalOf(row: RetryRow, { envelope }: ReadDocument): Arrival {
  const { p, o, att, charged, uncharged, bound, isRaised, of } = row;
  const tries = { partition: p, offset: o, att, charged, uncharged, key: envelope.idempotencyKey };
  return { tries, bound, isRaised, of: of ? { partition: of[0], offset: of[1], until: waitsUntil(envelope) } : null };
}
