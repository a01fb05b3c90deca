import { buildRequest } from '#core/build-request.ts';
import type { CachePlan } from '#core/cache-plan.ts';
import { worstCost } from '#core/cap-worst-case.ts';
import type { Document } from '#core/document.ts';
import type { SealedRecord } from '#core/journal.ts';
import {
  addToLane,
  closeReason,
  fits,
  isFull,
  keepInLane,
  type Lane,
  type LaneCloseReason,
  type LaneItem,
  type LaneSettings,
  openLane,
  type SourceOfAnswer,
  splitLane,
} from '#core/lane.ts';
import {
  bytesPerTokenUsual,
  cappedBatchesMax,
  openBatchesMax,
  openLaneBytesMax,
  openLaneItemsMax,
  readyBatchesMax,
} from '#core/limits.ts';
import { isAlone } from '#core/outcome.ts';
import { buildPayload, encodePayload } from '#core/payload.ts';
import { raisedRecipe } from '#core/raise-max-tokens.ts';
import { claimKey, formatRid, parseClaimKey, type Rid } from '#core/rid.ts';
import type { RetryRow } from '#core/settled.ts';
import { siblingKey } from '#core/siblings.ts';
import { dueRetries, hasOwnCap } from '#core/view.ts';
import { Watermark } from '#core/watermark.ts';
import type { Clock } from '#ports/clock.ts';
import type { Ids } from '#ports/ids.ts';
import type { Log } from '#ports/log.ts';
import type { PayloadStore } from '#ports/payload-store.ts';
import type { Telemetry } from '#ports/telemetry.ts';
import type { WorkQueue } from '#ports/work-queue.ts';
import type { AnswerCache } from '#runtime/answer-cache.ts';
import { findDocuments, type ReadDocument, readDocument } from '#runtime/document-reader.ts';
import type { RecipeBook } from '#runtime/recipe-book.ts';
import { type Routing, requestFacts, type TaskRoute } from '#runtime/routing.ts';
import type { ViewFollower } from '#runtime/view-follower.ts';
import { type WorkMeter, workMeterOf } from '#runtime/work-meter.ts';
import { BatchPlanner, type BatchPlannerPorts } from './batch-planner.ts';
import { ReadAhead } from './read-ahead.ts';
import { notReusable, ReuseDesk, reuseLane, waitingLane, waitsUntil } from './reuse-desk.ts';
import { SealSpans } from './seal-spans.ts';

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

/** Consumer group whose positions are the low watermarks: everything below is sealed. */
export const intakeGroup = 'accumulator';

const retriesPerRound = 1_000;
const recordsPerRound = 4_000;
const endOfRunCheckMs = 250;
const retryLockMs = 60_000;
const idleMs = 5_000;
/** Room is made by more than records: a batch may be parked. */
const noRoomMs = 250;
const overdueMs = 1_000;

/** What is known of a record when it is put into a lane. */
interface Arrival {
  tries: Tries;
  /** Items at most in its batch. */
  bound?: number | undefined;
  /** An answer of it was cut: it is asked with a raised cap. */
  isRaised?: boolean | undefined;
  /** Whose answer it goes on waiting for. */
  of?: SourceOfAnswer | null;
}

/** Of an item that is not sent. */
const unsent = {
  body: '',
  bytes: 0,
  tokens: 0,
  costMax: null,
  blocks: null,
  kind: null,
  addedAt: 0,
  requestKey: null,
  of: null,
};

type Tries = Rid & { att: number; charged: number; uncharged: number; key: string | null };

interface Placed {
  item: LaneItem;
  settings: LaneSettings;
}

interface Closing {
  lane: Lane;
  reason: LaneCloseReason;
}

interface Intake {
  generation: number;
  position: number;
  committed: number;
  watermark: Watermark;
  isAtEnd: boolean;
}

/**
 * Documents and due retries into lanes, lanes into sealed batches (protocol §5.1). What it holds is memory only: the
 * input position is committed after the seal, so a restart reads again whatever was not sealed.
 */
export class Accumulator {
  readonly #ports: AccumulatorPorts;
  readonly #intakes = new Map<number, Intake>();
  readonly #lanes = new Map<string, Lane>();
  readonly #ahead: ReadAhead;
  /** The last round went to its end, so the view knows what it did. */
  #isCurrent = false;
  /** Keys of lanes without anything special: one string each, whose hash is known, instead of a new one for each document. */
  readonly #plainKeys = new WeakMap<TaskRoute, string>();
  /** Whose turn it is to be read. */
  #turn = 0;
  /** Lanes that are full or due: sealed together at the end of a round, and kept until all that is in them is claimed. */
  #closing: Closing[] = [];
  /** Retries waiting in lanes, so that a row is not taken twice. Of first tries the watermark knows it. */
  readonly #waiting = new Set<string>();
  readonly #endedRuns = new Set<string>();
  /** Documents of due retries that are no longer in the log, each told once. */
  readonly #gone = new Set<string>();
  #runsCheckedAt = -Infinity;
  readonly #meter: WorkMeter;
  readonly #planner: BatchPlanner;
  /** Null while traces are off. */
  readonly #sealSpans: SealSpans | null;
  /** Null where each document is bought. */
  readonly #reuse: ReuseDesk | null;

  constructor(ports: AccumulatorPorts) {
    this.#ports = ports;
    this.#meter = workMeterOf(ports);
    this.#planner = new BatchPlanner(ports);
    this.#ahead = new ReadAhead(ports.log);
    this.#sealSpans = ports.telemetry.spans ? new SealSpans(ports.telemetry.spans, ports.clock) : null;
    this.#reuse = ports.answers ? new ReuseDesk({ ...ports, answers: ports.answers }) : null;
    ports.telemetry.whenMeasured?.(() => this.#measure());
  }

  /** Open lanes as a hint for screens: count against limit, age. */
  openLanes(): { key: string; items: number; itemsMax: number; ageMs: number; ageMsMax: number }[] {
    const now = this.#ports.clock.monotonic();
    return [...this.#lanes.values()]
      .filter(lane => lane.items.length > 0)
      .map(({ key, items, itemsMax, openedAt, ageMsMax }) => {
        return { key, items: items.length, itemsMax, ageMs: now - openedAt, ageMsMax };
      });
  }

  /** One round: read, gather retries, close what is due, commit. @returns true when there may be more to do at once */
  runOnce(): Promise<boolean> {
    return this.#meter.run('accumulate', () => this.#round());
  }

  async #round(): Promise<boolean> {
    const { follower } = this.#ports;
    // What others sealed, or a round that broke off, must be known before it is read or sealed once more.
    const hasNew = await this.#syncAssignment();
    if (hasNew || !this.#isCurrent) await follower.catchUpAll();
    this.#isCurrent = false;
    // All of these wait for the store and the log most of the time; what is sealed and committed was read in earlier rounds.
    const [read, ...others] = await Promise.allSettled([
      this.#readAll(),
      this.#sealClosing(),
      this.#commitWatermarks(),
      follower.catchUpAll(),
    ]);
    for (const each of [...others, read]) if (each.status === 'rejected') throw each.reason;
    let hasMore = read.status === 'fulfilled' && read.value;
    if (await this.#gatherLaneRetries()) hasMore = true;
    await this.#closeDueLanes();
    // Hints may wait while there is much to read, as long as nothing is due.
    const isBusy = hasMore && follower.view.retries.size === 0;
    if (!isBusy && (await this.#sealRetriesAlone())) hasMore = true;
    if (!hasMore) {
      await this.#sealClosing();
      await this.#commitWatermarks();
    }
    this.#isCurrent = true;
    return hasMore;
  }

  /** What this process holds, and how far it is behind: by what is sealed, because only that is done. */
  async #measure(): Promise<void> {
    const { telemetry, log } = this.#ports;
    const lanes = this.openLanes();
    const documents = lanes.reduce((sum, { items }) => sum + items, 0);
    const oldestMs = lanes.reduce((oldest, { ageMs }) => Math.max(oldest, ageMs), 0);
    telemetry.gauge('flotilla_open_lanes', lanes.length);
    telemetry.gauge('flotilla_lane_documents', documents);
    telemetry.gauge('flotilla_oldest_lane_seconds', oldestMs / 1_000);
    let lag = 0;
    for (const [partition, { committed }] of [...this.#intakes]) {
      lag += Math.max(0, (await log.endOffset('documents', partition)) - committed);
    }
    telemetry.gauge('flotilla_lag_records', lag, { topic: 'documents' });
  }

  /** Waits for input, for settled retries, or until the next lane or retry is due. */
  async waitForWork(signal: AbortSignal): Promise<void> {
    const { log, follower } = this.#ports;
    const documents = [...this.#intakes].map(([partition, { position }]) => {
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
    for (const lane of this.#lanes.values()) {
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

  /** @returns true when a partition has come, or come back */
  async #syncAssignment(): Promise<boolean> {
    let hasNew = false;
    const { log, clock } = this.#ports;
    const assigned = await log.assigned(intakeGroup, 'documents');
    const owned = new Set(assigned.map(({ partition }) => partition));
    for (const partition of this.#intakes.keys()) if (!owned.has(partition)) this.#dropPartition(partition);
    for (const { partition, generation } of assigned) {
      if (this.#intakes.get(partition)?.generation === generation) continue;
      this.#dropPartition(partition);
      const position = (await log.position(intakeGroup, 'documents', partition))?.offset ?? 0;
      const watermark = new Watermark(position);
      this.#intakes.set(partition, { generation, position, committed: position, watermark, isAtEnd: false });
      hasNew = true;
    }
    if (this.#intakes.size === 0) await clock.sleep(0);
    return hasNew;
  }

  /** Whoever owns the partition now reads these again; sealing them as well would only lose claims. */
  #dropPartition(partition: number): void {
    if (!this.#intakes.delete(partition)) return;
    this.#ahead.forget(partition);
    for (const lane of this.#allLanes()) this.#keep(lane, item => item.partition !== partition);
  }

  #allLanes(): Lane[] {
    return [...this.#lanes.values(), ...this.#closing.map(({ lane }) => lane)];
  }

  #hasRoom(): boolean {
    let items = 0;
    let bytes = 0;
    for (const lane of this.#allLanes()) {
      items += lane.items.length;
      bytes += lane.bytes;
    }
    const { view } = this.#ports.follower;
    const capped = Math.min(this.#ports.cappedBatches?.() ?? 0, cappedBatchesMax);
    const batches = view.batches.size + this.#closing.length - capped - (this.#reuse?.waiting() ?? 0);
    if (items >= openLaneItemsMax || bytes >= openLaneBytesMax || batches >= openBatchesMax) return false;
    return (this.#ports.readyBatches?.() ?? 0) < readyBatchesMax;
  }

  /** Each partition in its turn. Not all in one round: what is read waits in memory until the next one seals it. */
  async #readAll(): Promise<boolean> {
    let [hasMore, records] = [false, 0];
    const intakes = [...this.#intakes];
    for (let count = 0; count < intakes.length; count++) {
      if (records >= recordsPerRound) return true;
      // Nobody's turn passes for want of room: where there is only ever room for one, that would always be the same one.
      if (!this.#hasRoom()) {
        this.#closePooled();
        return hasMore;
      }
      const [partition, intake] = intakes[this.#turn % intakes.length] as [number, Intake];
      this.#turn += 1;
      const [next] = intakes[this.#turn % intakes.length] as [number, Intake];
      const before = intake.position;
      if (await this.#readSome(partition, intake, next)) hasMore = true;
      records += intake.position - before;
    }
    return hasMore;
  }

  /** @param next the partition whose turn it is after this one */
  async #readSome(partition: number, intake: Intake, next: number): Promise<boolean> {
    const { follower, routing } = this.#ports;
    const { records, nextOffset, isAtEnd } = await this.#ahead.take(partition, intake.position);
    const nextFrom = next === partition ? nextOffset : this.#intakes.get(next)?.position;
    if (nextFrom !== undefined && !isAtEnd) this.#ahead.start(next, nextFrom);
    if (this.#reuse) await this.#reuse.lookUp(partition, records);
    for (const record of records) {
      const { offset } = record;
      const claim = { partition, offset, att: 0 };
      // Sealed before a restart, or already in a lane because a round broke off here.
      const isClaimed = follower.view.claims.has(claim);
      if (isClaimed) intake.watermark.sealed(record.offset);
      if (isClaimed || intake.watermark.isOpen(record.offset)) continue;
      const read = readDocument(record, routing.documents);
      const key = read.envelope.idempotencyKey;
      this.#add(this.#place(read, { tries: { partition, offset, att: 0, charged: 0, uncharged: 0, key } }));
      intake.watermark.delivered(record.offset);
      intake.position = record.offset + 1;
    }
    intake.position = nextOffset;
    intake.watermark.advancedTo(nextOffset);
    intake.isAtEnd = isAtEnd;
    return !isAtEnd;
  }

  #place(read: ReadDocument, arrival: Arrival): Placed {
    const placed = this.#itemOf(read, arrival);
    this.#sealSpans?.arrived(placed.item, read.record);
    this.#reuse?.placed(placed.item);
    return placed;
  }

  /** The item and the lane it belongs to: rejects have one of their own. */
  #itemOf(read: ReadDocument, arrival: Arrival): Placed {
    const { parsed, envelope } = read;
    const { run, tenant, fault } = envelope;
    if (parsed.is === 'document' && !fault) return this.#sendable(parsed.document, { read, ...arrival });
    const deadlineAt = Number.MAX_SAFE_INTEGER;
    return { item: { ...arrival.tries, run, tenant, deadlineAt, ...unsent }, settings: this.#ports.routing.rejectLane };
  }

  /** The item with its built request, unless it takes another's answer. */
  #sendable(document: Document, { read, tries, bound, isRaised, of }: Arrival & { read: ReadDocument }): Placed {
    const { routing, recipes, clock, follower } = this.#ports;
    const { run, deadlineAt, tenant } = read.envelope;
    const route = routing.routeOf(document);
    const frozen = isRaised ? raisedRecipe(route.recipe, document.ask) : route.recipe;
    const recipe = recipes.nameOf(frozen);
    const isCapped = hasOwnCap(follower.view, run);
    // A run with a cap of its own parks alone: it must not hold back its neighbours. Tenants share no batch.
    const isPlain = bound === undefined && !isCapped && !isRaised && tenant === null;
    const known = isPlain ? this.#plainKeys.get(route) : undefined;
    const key =
      known ?? `${route.account}|${recipe}|${bound ?? ''}|${isCapped ? run : ''}${tenant === null ? '' : `|${tenant}`}`;
    if (isPlain && known === undefined) this.#plainKeys.set(route, key);
    const settings = (laneKey = key): LaneSettings => ({
      type: 'batch',
      account: route.account,
      recipe,
      ...route.lane,
      itemsMax: Math.min(bound ?? route.lane.itemsMax, route.lane.itemsMax),
      cache: this.#planner.policyOf(route.account, route.cache),
      key: laneKey,
    });
    const common = { ...tries, run, tenant, deadlineAt };
    if (of) return { item: { ...common, ...unsent, of }, settings: waitingLane(settings(), of) };
    const { requestKey, source } = this.#reuse?.decide(read, { route, att: tries.att }) ?? notReusable;
    if (source) return { item: { ...common, ...unsent, of: source.of }, settings: reuseLane(settings(), source) };
    const body = buildRequest(document.ask, frozen, tries);
    const bytes = Buffer.byteLength(body);
    const costMax = worstCost({ ...requestFacts(document, frozen), body }, clock.now());
    const tokens = Math.ceil(bytes / bytesPerTokenUsual);
    // What has no price parks under any cap on money: it must not hold back those that have one.
    const laneKey = costMax === null ? `${key}|unpriced` : key;
    const lane = this.#lanes.get(laneKey) ?? settings(laneKey);
    const blocks = this.#planner.blocksOf(lane, body);
    const kind = blocks && siblingKey(blocks);
    const item = { ...common, body, bytes, tokens, costMax, blocks, kind, addedAt: 0, requestKey, of: null };
    return { item, settings: lane };
  }

  #add({ settings, item }: Placed): void {
    let lane = this.#lanes.get(settings.key);
    while (lane && !fits(lane, item)) {
      this.#close(lane, 'bytes');
      lane = this.#lanes.get(settings.key);
    }
    if (lane === undefined) {
      lane = openLane(settings);
      this.#lanes.set(lane.key, lane);
    }
    // Of a lane that is open already nobody asks, and there are a hundred thousand documents a second.
    addToLane(lane, item, lane.items.length === 0 ? this.#ports.clock.monotonic() : lane.openedAt);
    if (item.att > 0) this.#waiting.add(claimKey(item));
    if (isFull(lane)) this.#close(lane, 'count');
  }

  #close(lane: Lane, reason: LaneCloseReason): void {
    const { batch, rest } = splitLane(lane);
    if (rest) this.#lanes.set(lane.key, rest);
    else this.#lanes.delete(lane.key);
    this.#closing.push({ lane: batch, reason });
  }

  /** What hit a whole batch goes back to a lane, at the owner of its partition. */
  async #gatherLaneRetries(): Promise<boolean> {
    const { follower, clock } = this.#ports;
    if (follower.view.retries.size === 0) return false;
    const due = dueRetries(follower.view, clock.now())
      .filter(([key, row]) => !isAlone(row.cause) && this.#intakes.has(row.p) && !this.#waiting.has(key))
      .filter(([, row]) => !this.#gone.has(ridOf(row)))
      .slice(0, retriesPerRound);
    if (due.length === 0) return false;
    const found = await this.#readRetries(due.map(([, row]) => row));
    for (const [, row] of due) {
      const read = found.get(ridOf(row));
      if (read) this.#add(this.#place(read, arrivalOf(row, read)));
    }
    return due.length === retriesPerRound;
  }

  /** What lies in an item is sealed alone: half price, and it leaves a trace that can be found. */
  async #sealRetriesAlone(): Promise<boolean> {
    const { queue, follower } = this.#ports;
    const jobs = await queue.take('retry', { limit: 50, lockMs: retryLockMs, waitMs: 0 });
    const rows = jobs.flatMap(({ id }) => follower.view.retries.get(id) ?? []);
    for (const { notBefore } of rows) this.#meter.waited('retry', this.#ports.clock.now() - notBefore);
    const found = await this.#readRetries(rows);
    const placed = rows.flatMap(row => {
      const read = found.get(ridOf(row));
      return read ? this.#place(read, arrivalOf(row, read)) : [];
    });
    await this.#append(placed.map(each => this.#laneAlone(each)));
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
  async #readRetries(rows: readonly RetryRow[]): Promise<Map<string, ReadDocument>> {
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

  async #closeDueLanes(): Promise<void> {
    const { clock } = this.#ports;
    if (this.#lanes.size > 0) await this.#checkEndedRuns();
    for (const { key } of [...this.#lanes.values()]) {
      for (let lane = this.#lanes.get(key); lane; lane = this.#lanes.get(key)) {
        const isInputAtEnd = this.#isInputAtEnd(lane);
        const reason = closeReason(lane, { now: clock.now(), monotonic: clock.monotonic(), isInputAtEnd });
        if (lane.items.length === 0) this.#lanes.delete(key);
        else if (reason) this.#close(lane, reason);
        else break;
      }
    }
  }

  /** Nobody waits for siblings where there is no room to wait. */
  #closePooled(): void {
    for (const lane of [...this.#lanes.values()]) if (lane.items.length >= lane.itemsMax) this.#close(lane, 'count');
  }

  /** A finite input that has been read to its end has nothing more to bring: its lanes need not wait. */
  #isInputAtEnd(lane: Lane): boolean {
    if (![...this.#intakes.values()].every(intake => intake.isAtEnd)) return false;
    return lane.items.every(({ run }) => run !== null && this.#endedRuns.has(run));
  }

  /** A run's position says when its input is complete (`run-position.ts`); it is durable, whoever read the input. */
  async #checkEndedRuns(): Promise<void> {
    const { log, clock } = this.#ports;
    if (clock.monotonic() - this.#runsCheckedAt < endOfRunCheckMs) return;
    this.#runsCheckedAt = clock.monotonic();
    const runs = new Set([...this.#lanes.values()].flatMap(lane => lane.items.map(item => item.run ?? '')));
    for (const run of runs) {
      if (run === '' || this.#endedRuns.has(run)) continue;
      const position = await log.position(runGroup(run), 'documents', 0);
      if (position?.metadata && isCompleteRun(position.metadata)) this.#endedRuns.add(run);
    }
  }

  async #sealClosing(): Promise<void> {
    const { telemetry, clock } = this.#ports;
    this.#leaveUnclaimed(); // a round that broke off may have claimed some of it
    const closing = [...this.#closing];
    await this.#append(closing.map(({ lane }) => lane));
    for (const { lane, reason } of closing) {
      telemetry.count('flotilla_batches_sealed_total', 1, { reason });
      telemetry.count('flotilla_documents_total', lane.items.length, { kind: lane.type });
      if (lane.type === 'batch') telemetry.observe('flotilla_lane_fill_ratio', lane.items.length / lane.itemsMax);
      telemetry.observe('flotilla_stage_seconds', (clock.monotonic() - lane.openedAt) / 1_000, { stage: 'sealed' });
    }
    await this.#reuse?.report();
    // What a lost append did not claim stays and is sealed under another key; the first one wins.
    this.#leaveUnclaimed();
  }

  #leaveUnclaimed(): void {
    const { claims } = this.#ports.follower.view;
    for (const { lane } of this.#closing) this.#keep(lane, item => !claims.has(item));
    this.#closing = this.#closing.filter(({ lane }) => lane.items.length > 0);
  }

  #keep(lane: Lane, keep: (item: LaneItem) => boolean): void {
    if (lane.items.every(keep)) return;
    for (const item of lane.items) {
      if (keep(item)) continue;
      this.#reuse?.left(item);
      this.#sealSpans?.forget(item);
      if (item.att > 0) this.#waiting.delete(claimKey(item));
      else this.#intakes.get(item.partition)?.watermark.sealed(item.offset);
    }
    keepInLane(lane, keep, this.#ports.clock.monotonic());
  }

  /** Payloads, SEALED, read back: only a SEALED that our own view has passed is acted on (protocol §5.1). */
  async #append(lanes: readonly Lane[]): Promise<void> {
    if (lanes.length === 0) return;
    const { payloads, ids, follower, queue, recipes } = this.#ports;
    const lots = lanes.map(lane => {
      const bk = ids.batchKey();
      return { lane, bk, plan: this.#planner.plan(lane, bk) };
    });
    for (const recipe of new Set(lanes.map(lane => lane.recipe))) await recipes.ensureWritten(recipe);
    // Side by side: one after the other, a round of eighty batches would wait eighty times for the store, and for the queue.
    await inGroups(
      lots,
      async ({ lane, bk, plan }) => {
        const items = this.#planner.bodies(lane, plan);
        if (lane.type === 'batch') await payloads.put(bk, encodePayload(buildPayload(items)));
      },
      ({ lane }) => lane.bytes,
    );
    await follower.append(...lots.map(sealedRecord));
    await follower.catchUp();
    await inGroups(lots, async ({ lane, bk }) => {
      const batch = follower.view.batches.get(bk);
      this.#reuse?.sealed(lane.items, { bk, won: batch?.items ?? [] });
      this.#sealSpans?.sealed(batch, lane, { reason: this.#reasonOf(lane), claims: follower.view.claims });
      if (batch?.state.is === 'unsent') await queue.add({ queue: 'collect', id: bk });
      else if (batch) await queue.add({ queue: 'submit', id: bk, account: batch.account });
    });
  }

  #reasonOf(lane: Lane): LaneCloseReason | 'retry' {
    return this.#closing.find(closing => closing.lane === lane)?.reason ?? 'retry';
  }

  /** Side by side: what each partition says is true whatever becomes of the others. */
  async #commitWatermarks(): Promise<void> {
    const due = [...this.#intakes].filter(([, { watermark, committed }]) => watermark.value() > committed);
    await inGroups(due, async ([partition, intake]) => {
      const offset = intake.watermark.value();
      await this.#ports.log.commitPosition({ group: intakeGroup, topic: 'documents', partition, offset });
      intake.committed = offset;
    });
  }
}

/** So many bytes of payloads are built at a time. */
const groupBytes = 8 * 1024 * 1024;
const groupSizeMax = 64;

/** Side by side, as far as memory allows: one after the other, each would wait for a server. */
async function inGroups<T>(
  all: readonly T[],
  act: (each: T) => Promise<void>,
  bytesOf = (_: T): number => 0,
): Promise<void> {
  for (let from = 0, next = 0; from < all.length; from = next) {
    let bytes = 0;
    do bytes += bytesOf(all[next++] as T);
    while (next < all.length && next - from < groupSizeMax && bytes + bytesOf(all[next] as T) <= groupBytes);
    await Promise.all(all.slice(from, next).map(act));
  }
}

const sealedRecord = ({ lane, bk, plan }: { lane: Lane; bk: string; plan: CachePlan | null }): SealedRecord => ({
  kind: 'SEALED',
  bk,
  type: lane.type,
  account: lane.account,
  recipe: lane.recipe,
  runs: [...new Set(lane.items.flatMap(item => item.run ?? []))],
  items: lane.items.map(({ partition, offset, att, charged, uncharged, key, of }) => {
    if (key === null && uncharged === 0 && of === null) return [partition, offset, att, charged] as const;
    const extra = {
      ...(key === null ? {} : { key }),
      ...(uncharged === 0 ? {} : { uncharged }),
      ...(of === null ? {} : { of: [of.partition, of.offset] as const, until: of.until }),
    };
    return [partition, offset, att, charged, extra] as const;
  }),
  ...(plan ? { plan } : {}),
});

const ridOf = ({ p, o }: RetryRow): string => formatRid({ partition: p, offset: o });

function arrivalOf(row: RetryRow, { envelope }: ReadDocument): Arrival {
  const { p, o, att, charged, uncharged, bound, isRaised, of } = row;
  const tries = { partition: p, offset: o, att, charged, uncharged, key: envelope.idempotencyKey };
  return { tries, bound, isRaised, of: of ? { partition: of[0], offset: of[1], until: waitsUntil(envelope) } : null };
}

/** Where a run's own position is kept: lines read so far, and whether that was all. */
export const runGroup = (run: string): string => `run.${run}`;

const isCompleteRun = (metadata: string): boolean => metadata.includes('"isComplete":true');
