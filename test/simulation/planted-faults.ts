import { cache } from './planted-cache-faults.ts';
import { ledger } from './planted-ledger-faults.ts';
import type { Setting, SettingName } from './settings.ts';

/** One passage of the product, there exactly once, and what stands in its place in the test build. */
export interface SourceEdit {
  file: string;
  find: string;
  replace: string;
}

/** A rule of the protocol taken away or read wrongly. The simulation is worth what it notices of these. */
export interface PlantedFault {
  what: string;
  edits: readonly SourceEdit[];
  /** What the world has to be like for it to matter, to matter often, or for a run with it to end soon. */
  changes?: Partial<Setting>;
  /** Default base. */
  setting?: SettingName;
}

const submitter = 'services/submitter/service.ts';
const accumulator = 'services/accumulator/service.ts';
const collector = 'services/poller/collector.ts';
const watcher = 'services/poller/watcher.ts';
const settleShard = 'services/poller/settle-shard.ts';
const identities = 'services/poller/identities.ts';
const look = 'shared/core/look.ts';
const reducer = 'shared/core/reduce-journal.ts';

const edit = (file: string, find: string, replace: string): SourceEdit => ({ file, find, replace });

/** Rules that are gone. */
const removed = {
  ledgerInQueue: { what: 'the journal is lost with the queue', edits: [], changes: { isLedgerInQueue: true } },
  blindResubmit: {
    what: 'an unanswered create is sent again',
    edits: [
      edit(
        submitter,
        "return 'done'; // never sent again from here: the look finds out what became of it",
        "return this.#abort(intent, 'ambiguous');",
      ),
    ],
  },
  sdkRetries: {
    what: 'the client repeats an unanswered POST',
    edits: [
      edit(
        submitter,
        'const outcome = await account.create({ label, items, isInTime }, new AbortController().signal);',
        `let outcome = await account.create({ label, items, isInTime }, new AbortController().signal);
         for (let again = 0; again < 2 && outcome.status === 'ambiguous'; again++)
           outcome = await account.create({ label, items, isInTime }, new AbortController().signal);`,
      ),
    ],
  },
  noSettleWait: {
    what: 'absence is believed at once',
    edits: [edit(look, "look.askedAt > at + context.timing.settleMs ? 'absent' : 'wait'", "'absent'")],
  },
  commitBeforeSeal: {
    what: 'the input position is committed before the seal',
    edits: [edit(accumulator, 'intake.watermark.delivered(offset);', '')],
  },
  plainPublish: {
    what: 'results are written beside the transaction',
    edits: [
      edit(
        collector,
        'return Promise.resolve(this.#writes(settlement, documents));',
        `const writes = this.#writes(settlement, documents);
         return (async () => {
           for (const write of writes) if (write.topic !== 'settled') await log.append(write);
           return writes.filter(write => write.topic === 'settled');
         })();`,
      ),
    ],
  },
  readBeforeFence: {
    what: 'settled is read before the fence is taken',
    edits: [
      edit(settleShard, 'const fence = await this.#log.fence(this.#shard);', ''),
      edit(
        settleShard,
        'this.#committed.clear();',
        'this.#committed.clear(); const fence = await this.#log.fence(this.#shard);',
      ),
    ],
    changes: { freezeAt: 'poller.log.fence·before' },
  },
  lsoSharedPartition: {
    what: 'all shards share one settled partition, read to its stable end only',
    edits: [
      edit(
        collector,
        "{ topic: 'settled', partition: shard, records: [record] }",
        "{ topic: 'settled', partition: 0, records: [record] }",
      ),
      edit(
        settleShard,
        "await this.#follower.catchUpSettled(this.#shard, await this.#log.endOffset('settled', this.#shard));",
        "await this.#log.endOffset('settled', 0); await this.#follower.catchUpSettled(0, 0);",
      ),
    ],
    changes: { freezeAt: 'poller.log.fence.send·after' },
  },
  shardByCollectors: {
    what: 'the shard of a batch depends on how many collectors there are',
    edits: [
      edit(
        collector,
        "{ length: log.partitions('settled') }",
        '{ length: 2 + (Math.floor(ports.clock.now() / 30_000) % 3) }',
      ),
    ],
  },
  noShardMutex: {
    what: 'two transactions of one shard at a time',
    edits: [edit(settleShard, 'if (!this.#isRunning) void this.#run();', 'void this.#run();')],
    changes: { oddCommits: 8 },
  },
  keepProducer: {
    what: 'a producer goes on after an error',
    edits: [edit(settleShard, 'this.#fence = null;\n', '\n')],
    changes: { stalls: 20, oddCommits: 4 },
  },
  noFirstWins: {
    what: 'a purchase may be claimed twice',
    edits: [edit(reducer, 'if (view.claims.has(item)) return null;', '')],
  },
  trustStreamEnd: {
    what: 'a stream that ends is complete',
    edits: [
      edit(
        'services/poller/read-batch.ts',
        'if (lines.size === sent.size || result.wholeBatch !== null)',
        'if (lines.size <= sent.size)',
      ),
    ],
  },
  adoptByCount: {
    what: 'the only batch of the right size is taken for ours',
    edits: [edit(look, 'const mine = found.find(', 'const mine = found.length === 1 ? found[0] : found.find(')],
    changes: { foreign: 0.1 },
  },
  noSweep: {
    what: 'hints are never derived anew',
    edits: [edit('services/sweeper/service.ts', 'await follower.catchUpAll();', 'if (follower) return;')],
  },
  staleList: {
    what: 'the moment of the decision in place of that of the question',
    edits: [
      edit(
        watcher,
        'resolve(follower.view, batch, look, this.#context())',
        'resolve(follower.view, batch, { ...look, askedAt: clock.now() }, this.#context())',
      ),
    ],
    changes: { freezeAt: 'provider.list·after' },
  },
  pageBoundIgnored: {
    what: 'a list that was cut counts as complete',
    edits: [edit(look, "if (look.reach >= at - context.timing.skewMs) return { is: 'wait' };", '')],
    changes: { shortLists: 5 },
  },
  pageBoundFixed: {
    what: 'a look never reads more than one page',
    edits: [edit('shared/core/limits.ts', 'export const listPagesMax = 1_000;', 'export const listPagesMax = 1;')],
  },
  noAccountPin: {
    what: 'whose key it is does not matter',
    edits: [
      edit('shared/runtime/provider-account.ts', "return 'owner-mismatch';", ''),
      edit(watcher, 'if (pinned?.owner === owner && pinned.baseUrl === provider.baseUrl) return true;', 'return true;'),
    ],
  },
  capByWorker: {
    what: 'the cap is looked at by the worker only',
    edits: [edit(reducer, 'return tightCap(view, record.reserve, at) === null;', 'return true;')],
  },
  noKeyClaim: {
    what: 'idempotency keys are not claimed',
    edits: [edit(reducer, 'if (extra?.key !== undefined) item.isDuplicate = !holdsKey(view, extra.key, item);', '')],
  },
  rejectUnclaimed: {
    what: 'a reject is answered without having been sealed',
    edits: [
      edit(
        accumulator,
        'const read = readDocument(record, routing.documents);',
        `const read = readDocument(record, routing.documents);
         if (read.parsed.is === 'reject') {
           const headers = { 'flotilla-rid': \`\${partition}/\${record.offset}\`, 'flotilla-outcome': 'rejected' };
           const answer = { key: null, value: Buffer.from('{"outcome":"rejected"}'), headers };
           await this.#ports.log.append({ topic: 'results', partition: 0, records: [answer] });
           intake.watermark.sealed(record.offset);
           continue;
         }`,
      ),
    ],
  },
  retryUnsettled: {
    what: 'what a read did not show is bought again before the batch is settled',
    edits: [
      edit(
        collector,
        'if (!this.#lost.isLost(batch.bk, read))',
        `const { account: name, recipe, runs, bk } = batch;
         const items = batch.items
           .filter(item => !item.isDuplicate && ![...read.read.lines.keys()].some(id => id.includes(customIdTail(item))))
           .map(item => [item.partition, item.offset, item.att + 1, item.charged] as const);
         const again = [...bk].reverse().join('');
         await follower.append({ kind: 'SEALED', bk: again, type: 'batch', account: name, recipe, runs, items });
         if (!this.#lost.isLost(batch.bk, read))`,
      ),
      edit(
        collector,
        'const lockMs = 300_000;',
        `const customIdTail = (item: { partition: number; offset: number; att: number }): string =>
           \`-\${item.partition.toString(36)}-\${item.offset.toString(36)}-\${item.att}\`;
         const lockMs = 300_000;`,
      ),
    ],
  },
  cancelUncertain: {
    what: 'whatever we do not know is canceled',
    edits: [
      edit(
        watcher,
        'await this.#handleOrphans(look);',
        `for (const { pid, hasEnded } of look.batches) {
           if (!hasEnded && !follower.view.pids.has(pid)) await this.#account.cancel(pid);
         }`,
      ),
    ],
    changes: { foreign: 0.1 },
  },
  skewWindow1s: {
    what: 'clocks are thought to agree to the second',
    edits: [edit(look, 'createdAt >= at - skewMs &&', 'createdAt >= at - 1_000 &&')],
  },
  noStampCheck: {
    what: 'a stamp is believed however odd it is',
    edits: [edit(submitter, 'Math.abs(clock.now() - intentAt) > timing.clockOffMs', 'false')],
    changes: { brokerClocks: 4 },
  },
  notFoundIsLoss: {
    what: 'one 404 proves loss',
    edits: [
      edit(
        collector,
        'const isGone = await this.#lost.isGone(batch.bk, { account, pid, createdAt: intent.at });',
        'const isGone = intent.at > 0;',
      ),
    ],
  },
  emptyIsForeign: {
    what: 'a batch that shows no line once is somebody else’s',
    edits: [edit(identities, 'if (reading.silentReads < 3) return false;', '')],
    changes: { foreign: 0.1 },
  },
  emptyWaits: {
    what: 'a batch that never shows a line is waited for for ever',
    edits: [edit(identities, "reading.seen = { is: 'silent' };", '')],
    changes: { foreign: 0.3 },
  },
  noSubCheck: {
    what: 'a late word about an earlier submission counts for this one',
    edits: [
      edit(reducer, "batch?.state.is === 'intent' && batch.sub === sub", "batch?.state.is === 'intent' && sub > 0"),
    ],
    changes: { oddAppends: 8 },
  },
  noReserveRelease: {
    what: 'a reserve is never released',
    edits: [
      edit(collector, "await follower.append({ kind: 'RELEASED', bk: batch.bk, actual: batch.settled.actual });", ''),
      edit(
        'services/sweeper/service.ts',
        "if (settled && state.is === 'created') await",
        'if (settled && state.is !== state.is) await',
      ),
    ],
  },
  lateLookOnly: {
    what: 'the send deadline is looked at before the call only',
    edits: [
      edit(
        submitter,
        'const isInTime = (): boolean => !isLate() && !isStampOdd();',
        'const isInTime = (): boolean => true;',
      ),
    ],
    changes: { freezeAt: 'provider.create·before' },
  },
  pauseAtSend: { what: 'the residual hole itself', edits: [], changes: { pausesAtSend: true } },
  identityByFirstLine: {
    what: 'one line of one read says whose a batch is',
    edits: [
      edit(identities, 'const agreeingReads = 3;', 'const agreeingReads = 1;'),
      edit(identities, 'const telltaleLines = 5;', 'const telltaleLines = 1;'),
    ],
    changes: { swappedIds: 8 },
  },
} satisfies Record<string, PlantedFault>;

/** Readings of the protocol that do not hold. */
const misread = {
  countWithLabels: {
    what: 'a label counts only with the right number of items',
    edits: [
      edit(
        look,
        'label?.fleet === context.fleet && label.bk === batch.bk);',
        'label?.fleet === context.fleet && label.bk === batch.bk).filter(({ itemCount }) => itemCount === itemsToSend(batch).length);',
      ),
    ],
    changes: { hasLabels: true },
  },
  winnerByIncarnation: {
    what: 'an INTENT of this incarnation is its own, whichever call wrote it',
    edits: [
      edit(
        submitter,
        'state.intent.nonce === intent.nonce',
        'state.intent.worker === worker && state.intent.incarnation === incarnation',
      ),
    ],
    changes: { doubleTakes: 20 },
  },
  keyOwnedByBatch: {
    what: 'a key belongs to the batch that claimed it, so a retry loses its own',
    edits: [
      edit(reducer, 'claim(view, sealed) ?? []', 'claim(view, sealed, record.bk) ?? []'),
      edit(
        reducer,
        'function claim(view: View, [partition, offset, att, charged, extra]: SealedItem): Item | null {',
        'function claim(view: View, [partition, offset, att, charged, extra]: SealedItem, bk: string): Item | null {',
      ),
      edit(reducer, '!holdsKey(view, extra.key, item);', '!holdsKey(view, extra.key, bk);'),
      edit(
        reducer,
        'function holdsKey(view: View, key: string, rid: Rid): boolean {',
        'function holdsKey(view: View, key: string, bk: string): boolean {',
      ),
      edit(reducer, 'view.keys.set(key, formatRid(rid));', 'view.keys.set(key, bk);'),
      edit(reducer, 'holder === formatRid(rid);', 'holder === bk;'),
    ],
  },
  resealSameKey: {
    what: 'the last SEALED of a batch key counts',
    edits: [edit(reducer, "if (view.bks.has(record.bk)) return 'refused';", 'view.batches.delete(record.bk);')],
  },
  duplicatesOnlyVoid: {
    what: 'a batch of duplicates only is void',
    edits: [
      edit(
        reducer,
        "if (items.length === 0) return 'refused';",
        "if (record.type === 'batch' && items.every(item => item.isDuplicate)) return 'refused';",
      ),
    ],
  },
  noLinesNoSettle: {
    what: 'a batch that failed as a whole is waited for',
    edits: [
      edit(
        collector,
        "if (read.is === 'complete') return",
        "if (read.read.lines.size === 0) return { afterMs: 3_000 }; if (read.is === 'complete') return",
      ),
    ],
    changes: { hasLabels: true },
  },
  tooBigParks: {
    what: 'what can never fit a cap is parked',
    edits: [
      edit(
        submitter,
        "if (exceedsCapAlone(view, reserve) && itemsToSend(batch).length > 1) return this.#close(batch.bk, 'split');",
        'if (exceedsCapAlone(view, reserve)) itemsToSend(batch);',
      ),
    ],
    changes: { tightCaps: 4 },
  },
  createBeforeLook: {
    what: 'a create is sent before a reply has shown the owner',
    edits: [
      edit(
        'shared/runtime/provider-account.ts',
        "if (this.#ownerSeen === null || !pinned) return 'owner-unseen';",
        "if (!pinned) return 'owner-unseen'; if (this.#ownerSeen === null) return null;",
      ),
      edit(submitter, 'if (account.ownerSeen === null) await this.#learnOwner(account);', ''),
    ],
    changes: { wrongKeys: 4 },
  },
  chargedFromView: {
    what: 'tries are counted from the view in place of the seal',
    edits: [
      edit(
        collector,
        'settlement = settleBatch(batch, {',
        `const items = batch.items.map(item => {
           return { ...item, charged: follower.view.retries.get(claimKey(item))?.charged ?? 0 };
         });
         settlement = settleBatch({ ...batch, items }, {`,
      ),
      edit(
        collector,
        "import { formatRid, type Rid } from '#core/rid.ts';",
        "import { claimKey, formatRid, type Rid } from '#core/rid.ts';",
      ),
    ],
    changes: { stalls: 20 },
  },
  sendByBrokerClock: {
    what: 'the send deadline compares two machines’ clocks',
    edits: [
      edit(
        submitter,
        'clock.monotonic() - startedOn > timing.sendMs',
        'clock.now() - state.intent.at > timing.sendMs && startedOn > 0',
      ),
    ],
    // Where every worker is more than T_send ahead of the log's clock, each INTENT is late when it is written and nothing is
    // ever sent: L1. (One that is behind sends late, but by no more than the clock check, and here `T_settle` is longer.)
    // They try ten times a second to the end: with the usual patience and documents such a run takes minutes of real time.
    changes: { areClocksAhead: true, documents: 8, patienceMs: 240_000 },
  },
  offClockProves: {
    what: 'a worker whose clock is far off proves absence',
    edits: [edit(watcher, "if (resolution.is === 'absent' && this.#account.isClockOff) return;", '')],
    changes: { wrongClocks: 4 },
  },
} satisfies Record<string, PlantedFault>;

const reserve = 'shared/core/caps/cap-reserve.ts';

/** Money that no cap sees, or that stays where it is not. */
const money = {
  fleetUnreserved: {
    what: 'nothing is reserved under the cap of the fleet',
    edits: [edit(reserve, 'add(fleetMoney, all);', '')],
    setting: 'caps',
  },
  tenantUnreserved: {
    what: 'nothing is reserved under the cap of a tenant',
    edits: [edit(reserve, 'if (tenant !== null) add(tenantMoney(tenant), all);', '')],
    setting: 'caps',
  },
  taskUnreserved: {
    what: 'nothing is reserved under the cap of a task',
    edits: [edit(reserve, 'if (task !== null) add(taskMoney(task), all);', '')],
    setting: 'caps',
  },
  tenantOfNobody: {
    what: 'the requests of a batch do not say for whom they are',
    edits: [edit('shared/core/batch-requests.ts', 'const tenant = items[0]?.tenant ?? null;', 'const tenant = null;')],
    setting: 'caps',
  },
  reservesLeast: {
    what: 'the least that a batch may cost is reserved',
    edits: [
      edit(
        'shared/core/caps/cap-worst-case.ts',
        'const plain = billedAt(promptTokens * price.input + maxTokens * price.output, terms);',
        'const plain = Math.ceil(billedAt(promptTokens * price.input + maxTokens * price.output, terms) / 64);',
      ),
    ],
    setting: 'caps',
  },
  dayNeverTurns: {
    what: 'the first day lasts for ever',
    edits: [
      edit(
        'shared/core/view.ts',
        "return new Date(at).toISOString().slice(0, period === 'day' ? 10 : 7);",
        "return new Date(Math.min(at, Date.UTC(2026, 10, 30))).toISOString().slice(0, period === 'day' ? 10 : 7);",
      ),
    ],
    setting: 'caps',
  },
  spentWhenReleased: {
    what: 'a purchase counts on the day of its RELEASED',
    edits: [
      edit(
        reducer,
        'function onReleased(view: View, { bk, actual }: ReleasedRecord): Verdict {',
        'function onReleased(view: View, { bk, actual, at: now }: ReleasedRecord & { at: number }): Verdict {',
      ),
      edit(reducer, 'use(view, actual, intent.at, +1);', 'use(view, actual, now, +1);'),
    ],
    setting: 'caps',
  },
  abortedHolds: {
    what: 'an ABORTED keeps its reserve',
    edits: [edit(reducer, 'use(view, open.intent.reserve, open.intent.at, -1);', '')],
    setting: 'caps',
  },
} satisfies Record<string, PlantedFault>;

const reuseReader = 'services/poller/reuse-reader.ts';

/** Answers that go to whom they do not belong, or to nobody. */
const reuse = {
  tenantsShare: {
    what: 'the tenant is no part of the name of a request',
    edits: [
      edit(
        'shared/core/answer-cache/request-key.ts',
        'recipe: recipeName, tenant, request',
        'recipe: recipeName, request',
      ),
    ],
    setting: 'reuse',
  },
  tasksShare: {
    what: 'the version of the task is no part of the name of a request',
    edits: [edit('shared/core/answer-cache/request-key.ts', 'recipe: recipeName, tenant, request', 'tenant, request')],
    setting: 'reuse',
  },
  placeBelieved: {
    what: 'where the cache leads is not looked at',
    edits: [
      edit(
        'shared/core/answer-cache/reused-answer.ts',
        'if (headers[headerNames.requestKey] !== requestKey || headers',
        'if (requestKey === null || headers',
      ),
    ],
    setting: 'reuse',
  },
  refusalIgnored: {
    what: 'a document that wants an answer of its own gets another’s',
    edits: [
      edit(
        'shared/runtime/answer-cache.ts',
        'if (mayReuse === false) return null;',
        'if (mayReuse === null) return null;',
      ),
    ],
    setting: 'reuse',
  },
  reuseSent: {
    what: 'what takes another’s answer is sent all the same',
    edits: [
      edit('shared/core/view.ts', "batch.kind === 'batch' ? batch.items", "batch.kind !== 'reject' ? batch.items"),
    ],
    setting: 'reuse',
  },
  twinsBought: {
    what: 'nobody remembers what is being bought',
    edits: [edit('shared/core/answer-cache/in-flight.ts', 'if (isUnderWay) return { partition, offset };', '')],
    setting: 'reuse',
  },
  deadWaitedFor: {
    what: 'the answer of a document that has none is waited for',
    edits: [
      edit(
        reuseReader,
        "states.set(formatRid(each.item), isWaiting ? { is: 'waiting' } : { is: 'gone' });",
        "states.set(formatRid(each.item), { is: isWaiting || ended.length >= 0 ? 'waiting' : 'gone' });",
      ),
    ],
    setting: 'reuse',
  },
  reuseUnswept: {
    what: 'a batch that waits for an answer is hinted once',
    edits: [
      edit(
        'services/sweeper/service.ts',
        'of dueReuse(follower.view, reusing, now))',
        'of dueReuse(follower.view, reusing.slice(0, 0), now))',
      ),
    ],
    setting: 'reuse',
  },
} satisfies Record<string, PlantedFault>;

const settle = 'shared/core/settle/settle-batch.ts';

/** What follows an answer that was cut. */
const cuts = {
  cutForgotten: {
    what: 'a cut answer is asked for again as before',
    edits: [
      edit(
        settle,
        "const isRaised = ended.cause === 'truncated' || context.recipe?.raised !== undefined;",
        'const isRaised = false as boolean;',
      ),
    ],
  },
  payloadByPlace: {
    what: 'the documents of a payload are those of the batch, one by one, whatever it won',
    edits: [
      edit(
        'services/submitter/build-items.ts',
        '.map(kept => [formatRid(kept), kept])',
        '.map((kept, index) => [formatRid(items[index] ?? kept), kept])',
      ),
    ],
  },
  raisedForgotten: {
    what: 'the second try is sealed as raised, and its request is built as it was',
    edits: [
      edit(
        'services/submitter/build-items.ts',
        'const recipe = await recipes.get(batch.recipe);',
        'const { raised: _, ...recipe } = await recipes.get(batch.recipe);',
      ),
    ],
  },
} satisfies Record<string, PlantedFault>;

export const plantedFaults: Readonly<Record<string, PlantedFault>> = {
  ...removed,
  ...misread,
  ...money,
  ...cache,
  ...ledger,
  ...reuse,
  ...cuts,
};
