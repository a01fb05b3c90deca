import type { Lane, LaneItem } from '#core/lane.ts';
import { cappedBatchesMax, openBatchesMax, openLaneBytesMax, openLaneItemsMax, readyBatchesMax } from '#core/limits.ts';
import type { Clock } from '#ports/clock.ts';
import type { Ids } from '#ports/ids.ts';
import type { Log } from '#ports/log.ts';
import type { PayloadStore } from '#ports/payload-store.ts';
import type { Telemetry } from '#ports/telemetry.ts';
import type { WorkQueue } from '#ports/work-queue.ts';
import type { AnswerCache } from '#runtime/answer-cache.ts';
import { readDocument } from '#runtime/document-reader.ts';
import type { RecipeBook } from '#runtime/recipe-book.ts';
import type { Routing } from '#runtime/routing.ts';
import type { ViewFollower } from '#runtime/view-follower.ts';
import { type WorkMeter, workMeterOf } from '#runtime/work-meter.ts';
import { BatchPlanner, type BatchPlannerPorts } from './batch-planner.ts';
import { EndedRuns, endOfRunCheckMs } from './ended-runs.ts';
import { type Intake, Intakes } from './intakes.ts';
import { Lanes } from './lanes.ts';
import { Placer, type Tries } from './placer.ts';
import { Retries } from './retries.ts';
import { ReuseDesk } from './reuse-desk.ts';
import { SealSpans } from './seal-spans.ts';
import { Sealer } from './sealer.ts';

export interface AccumulatorPorts {
  log: Log;
  payloads: PayloadStore;
  queue: WorkQueue;
  clock: Clock;
  ids: Ids;
  telemetry: Telemetry;
  follower: ViewFollower;
  recipes: RecipeBook;
  routing: Routing;
  /**
   * Sealed batches that wait for nothing but their create, where that is known: a hint, so that sealing does not run far
   * ahead. What is held back is not counted: a parked tenant must not hold a partition.
   */
  readyBatches?: () => number;
  /** Answers that may be given again; absent: each document is bought. */
  answers?: AnswerCache;
  /** Configured here, by name: which of them may be marked. */
  accounts: BatchPlannerPorts['accounts'];
  /** False: no call may write a cache entry ahead of a batch. */
  canPrime?: boolean;
  /** Sealed batches that a cap on money holds back, where that is known: they must not stop the reading for others. */
  cappedBatches?: () => number;
}

const recordsPerRound = 4_000;
const idleMs = 5_000;
/** Room is made by more than records: a batch may be parked. */
const noRoomMs = 250;
const overdueMs = 1_000;

/**
 * Documents and due retries into lanes, lanes into sealed batches (protocol §5.1). What it holds is memory only: the
 * input position is committed after the seal, so a restart reads again whatever was not sealed.
 */
export class Accumulator {
  readonly #ports: AccumulatorPorts;
  readonly #intakes: Intakes;
  readonly #lanes: Lanes;
  readonly #placer: Placer;
  readonly #sealer: Sealer;
  readonly #retries: Retries;
  readonly #endedRuns: EndedRuns;
  readonly #meter: WorkMeter;
  /** Null while traces are off. */
  readonly #sealSpans: SealSpans | null;
  /** Null where each document is bought. */
  readonly #reuse: ReuseDesk | null;
  /** The last round went to its end, so the view knows what it did. */
  #isCurrent = false;

  constructor(ports: AccumulatorPorts) {
    this.#ports = ports;
    this.#meter = workMeterOf(ports);
    this.#sealSpans = ports.telemetry.spans ? new SealSpans(ports.telemetry.spans, ports.clock) : null;
    this.#reuse = ports.answers ? new ReuseDesk({ ...ports, answers: ports.answers }) : null;
    this.#lanes = new Lanes(ports.clock, item => this.#leftLane(item));
    this.#intakes = new Intakes(ports, partition => this.#lanes.dropPartition(partition));
    this.#endedRuns = new EndedRuns(ports);
    const parts = {
      intakes: this.#intakes,
      lanes: this.#lanes,
      meter: this.#meter,
      planner: new BatchPlanner(ports),
      reuse: this.#reuse,
      sealSpans: this.#sealSpans,
    };
    this.#placer = new Placer(ports, parts);
    this.#sealer = new Sealer(ports, parts);
    this.#retries = new Retries(ports, { ...parts, placer: this.#placer, sealer: this.#sealer });
    ports.telemetry.whenMeasured?.(() => this.#measure());
  }

  /** Open lanes as a hint for screens: count against limit, age. */
  openLanes(): { key: string; items: number; itemsMax: number; ageMs: number; ageMsMax: number }[] {
    const now = this.#ports.clock.monotonic();
    return [...this.#lanes.open()]
      .filter(lane => lane.items.length > 0)
      .map(({ key, items, itemsMax, openedAt, ageMsMax }) => {
        return { key, items: items.length, itemsMax, ageMs: now - openedAt, ageMsMax };
      });
  }

  /** One round: read, gather retries, close what is due, commit. @returns true when there may be more to do at once */
  async runOnce(): Promise<boolean> {
    try {
      const hasMore = await this.#meter.run('accumulate', () => this.#round());
      this.#lanes.keepOwnBytes('open');
      return hasMore;
    } catch (error) {
      this.#lanes.keepOwnBytes('all');
      throw error;
    }
  }

  async #round(): Promise<boolean> {
    const { follower } = this.#ports;
    // What others sealed, or a round that broke off, must be known before it is read or sealed once more.
    const hasNew = await this.#intakes.sync();
    if (hasNew || !this.#isCurrent) await follower.catchUpAll();
    this.#isCurrent = false;
    // All of these wait for the store and the log most of the time; what is sealed and committed was read in earlier rounds.
    const [read, ...others] = await Promise.allSettled([
      this.#readAll(),
      this.#sealClosing(),
      this.#intakes.commit(),
      follower.catchUpAll(),
    ]);
    for (const each of [...others, read]) if (each.status === 'rejected') throw each.reason;
    let hasMore = read.status === 'fulfilled' && read.value;
    if (await this.#retries.gather()) hasMore = true;
    await this.#closeDueLanes();
    // Hints may wait while there is much to read, as long as nothing is due.
    const isBusy = hasMore && follower.view.retries.size === 0;
    if (!isBusy && (await this.#retries.sealAlone())) hasMore = true;
    if (!hasMore) {
      await this.#sealClosing();
      await this.#intakes.commit();
    }
    this.#isCurrent = true;
    return hasMore;
  }

  /** What this process holds, and how far it is behind: by what is sealed, because only that is done. */
  async #measure(): Promise<void> {
    const { telemetry } = this.#ports;
    const lanes = this.openLanes();
    const documents = lanes.reduce((sum, { items }) => sum + items, 0);
    const oldestMs = lanes.reduce((oldest, { ageMs }) => Math.max(oldest, ageMs), 0);
    telemetry.gauge('flotilla_open_lanes', lanes.length);
    telemetry.gauge('flotilla_lane_documents', documents);
    telemetry.gauge('flotilla_oldest_lane_seconds', oldestMs / 1_000);
    telemetry.gauge('flotilla_lag_records', await this.#intakes.lag(), { topic: 'documents' });
  }

  /** Waits for input, for settled retries, or until the next lane or retry is due. */
  async waitForWork(signal: AbortSignal): Promise<void> {
    const { log, follower } = this.#ports;
    const documents = this.#intakes.all().map(({ partition, position }) => {
      return { topic: 'documents' as const, partition, from: position };
    });
    const settled = follower.positions.settledOffsets.map((from, partition) => {
      return { topic: 'settled' as const, partition, from };
    });
    // A record of the journal may have made room.
    const journal = { topic: 'journal' as const, partition: 0, from: follower.positions.journalOffset };
    if (this.#hasRoom()) await log.waitForMore([...documents, ...settled], this.#waitMs(), signal);
    else await log.waitForMore([...settled, journal], Math.min(noRoomMs, this.#waitMs()), signal);
  }

  #waitMs(): number {
    const { clock, follower } = this.#ports;
    let waitMs = idleMs;
    for (const lane of this.#lanes.open()) {
      const mayEnd = lane.items.some(({ run }) => run !== null && !this.#endedRuns.has(run));
      if (lane.items.length > 0) waitMs = Math.min(waitMs, lane.openedAt + lane.ageMsMax - clock.monotonic());
      if (mayEnd) waitMs = Math.min(waitMs, endOfRunCheckMs);
    }
    for (const { notBefore } of follower.view.retries.values()) {
      // One that is overdue waits for its hint, or for the owner of its partition.
      const dueInMs = notBefore - clock.now();
      waitMs = Math.min(waitMs, dueInMs > 0 ? dueInMs : overdueMs);
    }
    return Math.max(waitMs, 20);
  }

  #hasRoom(): boolean {
    const { items, bytes } = this.#lanes.held();
    const { view } = this.#ports.follower;
    const capped = Math.min(this.#ports.cappedBatches?.() ?? 0, cappedBatchesMax);
    const batches = view.batches.size + this.#lanes.closing.length - capped - (this.#reuse?.waiting() ?? 0);
    if (items >= openLaneItemsMax || bytes >= openLaneBytesMax || batches >= openBatchesMax) return false;
    return (this.#ports.readyBatches?.() ?? 0) < readyBatchesMax;
  }

  /** Each partition in its turn. Not all in one round: what is read waits in memory until the next one seals it. */
  async #readAll(): Promise<boolean> {
    let [hasMore, records] = [false, 0];
    for (let count = 0; count < this.#intakes.size; count++) {
      if (records >= recordsPerRound) return true;
      // Nobody's turn passes for want of room: where there is only ever room for one, that would always be the same one.
      if (!this.#hasRoom()) {
        this.#lanes.closePooled();
        return hasMore;
      }
      const intake = this.#intakes.takeTurn();
      const before = intake.position;
      if (await this.#readSome(intake)) hasMore = true;
      records += intake.position - before;
    }
    return hasMore;
  }

  async #readSome(intake: Intake): Promise<boolean> {
    const { follower, routing } = this.#ports;
    const { partition } = intake;
    const { records, nextOffset, isAtEnd } = await this.#intakes.read(intake);
    this.#intakes.readAhead({ intake, nextOffset, isAtEnd });
    if (this.#reuse) await this.#reuse.lookUp(partition, records);
    for (const record of records) {
      const { offset } = record;
      const tries: Tries = { partition, offset, att: 0, charged: 0, uncharged: 0, key: null };
      // Sealed before a restart, or already in a lane because a round broke off here.
      const isClaimed = follower.view.claims.has(tries);
      if (isClaimed) intake.watermark.sealed(offset);
      if (isClaimed || intake.watermark.isOpen(offset)) continue;
      const read = readDocument(record, routing.documents);
      tries.key = read.envelope.idempotencyKey;
      this.#lanes.add(this.#placer.place(read, { tries }));
      intake.watermark.delivered(offset);
      intake.position = offset + 1;
    }
    intake.position = nextOffset;
    intake.watermark.advancedTo(nextOffset);
    intake.isAtEnd = isAtEnd;
    return !isAtEnd;
  }

  async #closeDueLanes(): Promise<void> {
    if (this.#lanes.size > 0) await this.#endedRuns.check(this.#lanes.open());
    this.#lanes.closeDue(lane => this.#isInputAtEnd(lane));
  }

  /** A finite input that has been read to its end has nothing more to bring: its lanes need not wait. */
  #isInputAtEnd(lane: Lane): boolean {
    if (!this.#intakes.isAtEnd()) return false;
    return lane.items.every(({ run }) => run !== null && this.#endedRuns.has(run));
  }

  async #sealClosing(): Promise<void> {
    const { telemetry, clock, follower } = this.#ports;
    this.#lanes.keepUnclaimed(follower.view.claims); // a round that broke off may have claimed some of it
    const closing = [...this.#lanes.closing];
    await this.#sealer.seal(closing);
    for (const { lane, reason } of closing) {
      telemetry.count('flotilla_batches_sealed_total', 1, { reason });
      telemetry.count('flotilla_documents_total', lane.items.length, { kind: lane.type });
      if (lane.type === 'batch') telemetry.observe('flotilla_lane_fill_ratio', lane.items.length / lane.itemsMax);
      telemetry.observe('flotilla_stage_seconds', (clock.monotonic() - lane.openedAt) / 1_000, { stage: 'sealed' });
    }
    await this.#reuse?.report();
    // What a lost append did not claim stays and is sealed under another key; the first one wins.
    this.#lanes.keepUnclaimed(follower.view.claims);
  }

  /** It is in no lane any more: claimed, or another's to seal. */
  #leftLane(item: LaneItem): void {
    this.#reuse?.left(item);
    this.#sealSpans?.forget(item);
    if (item.att === 0) this.#intakes.get(item.partition)?.watermark.sealed(item.offset);
  }
}
