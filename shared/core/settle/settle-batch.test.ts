import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty, recordOf } from '#test/support/check-property.ts';
import { aborted, closed, created, intent, noon, openFold, sealed } from '#test/support/journal-records.ts';
import type { ReuseState } from '../answer-cache/reused-answer.ts';
import { canaryCode, canaryField } from '../build-request.ts';
import { addUsage, costOf, noUsage, type Usage } from '../cost.ts';
import { formatCustomId } from '../custom-id.ts';
import type { Envelope, Parsed } from '../document.ts';
import type { Amounts, CloseReason, SealedExtra, SealedItem } from '../journal.ts';
import { resultLineBytesMax } from '../limits.ts';
import { fromNanodollars } from '../money.ts';
import { causes, isAlone } from '../outcome.ts';
import type { Answer, ItemLine, WholeBatchEnd } from '../provider-line.ts';
import { raisedRecipe } from '../raise-max-tokens.ts';
import { asIsRecipe, type Recipe } from '../recipe.ts';
import { noSpend } from '../spend.ts';
import { resultJson } from '../terminal.ts';
import { type Batch, type Item, itemsToSend } from '../view.ts';
import { settleBatch } from './settle-batch.ts';
import type { CompleteRead, SettleContext } from './settle-context.ts';

const fleet = 'abcdef';
const bk = 'abcdefghijkl';
const model = 'claude-haiku-4-5';
const usage: Usage = { ...noUsage, input: 100, output: 10 };
const billed = costOf(model, usage, noon)?.billed as number;

const text: Recipe = { ...asIsRecipe, task: 'summarise', model, maxTokens: 10 };
const typed: Recipe = { ...text, outputSchema: { type: 'object' } };

const answerOf = (rest: Partial<Answer> = {}): Answer => ({
  body: { id: 'msg' },
  text: 'fine',
  finish: 'complete',
  model,
  usage,
  ...rest,
});

type Ending = (customId: string) => ItemLine;
const succeeds =
  (rest: Partial<Answer> = {}): Ending =>
  customId => ({ type: 'succeeded', customId, answer: answerOf(rest) });
const fails =
  (errorClass: 'document' | 'transient' | 'account'): Ending =>
  customId => ({ type: 'errored', customId, errorClass, code: 'some_error', message: 'no', body: { error: 1 } });
const ends =
  (type: 'expired' | 'canceled' | 'too-large'): Ending =>
  customId => ({ type, customId });

const itemsAt = (...offsets: number[]): SealedItem[] => offsets.map(offset => [0, offset, 0, 0]);

/** A batch as its view holds it, after the records that bring it there. */
const createdBatch = (items: readonly SealedItem[], reserve: Amounts = {}): Batch =>
  openFold(sealed(bk, { items }), intent(bk, 1, reserve), created(bk)).batch(bk);
const closedBatch = (why: CloseReason, items: readonly SealedItem[]): Batch =>
  openFold(sealed(bk, { items }), closed(bk, why)).batch(bk);

const idOf = (item: Pick<Item, 'partition' | 'offset' | 'att'>): string => formatCustomId({ fleet, bk, ...item });

/** A read in which the items ended as told, by offset; those that are not told have no line. */
function readOf(
  batch: Batch,
  endings: Readonly<Record<number, Ending>>,
  wholeBatch: WholeBatchEnd | null = null,
): CompleteRead {
  const lines = batch.items.flatMap(item => {
    const ending = endings[item.offset];
    return ending ? [[idOf(item), ending(idOf(item))] as const] : [];
  });
  return { lines: new Map(lines), wholeBatch };
}

const envelopeOf = (item: Item, rest: Partial<Envelope> = {}): Envelope => ({
  rid: { partition: item.partition, offset: item.offset },
  run: null,
  line: item.offset,
  deadlineAt: noon + 1_000_000,
  idempotencyKey: null,
  replayOf: null,
  replayCount: 0,
  tenant: null,
  mayReuse: true,
  trace: null,
  event: null,
  fault: null,
  ...rest,
});

const documentOf = (item: Item): Parsed => ({
  is: 'document',
  document: { customId: `doc-${item.offset}`, ask: { shape: 'content', content: 'x' }, metadata: undefined, task: 't' },
});

function contextOf(
  read: CompleteRead | null,
  { envelopes = {}, ...rest }: Partial<SettleContext> & { envelopes?: Record<number, Partial<Envelope>> } = {},
): SettleContext {
  return {
    fleet,
    read,
    documentOf: item => ({ envelope: envelopeOf(item, envelopes[item.offset]), parsed: documentOf(item) }),
    recipe: text,
    canceledRuns: new Set(),
    checkOutput: () => null,
    now: noon,
    timeScale: 1,
    ...rest,
  };
}

const offsetsOf = ({ settled }: ReturnType<typeof settleBatch>) => ({
  done: settled.done.map(([, offset]) => offset),
  dead: settled.dead.map(([, offset, cause]) => [offset, cause]),
  retry: settled.retry.map(row => [row.o, row.cause]),
});

describe('an item of a batch that was read', () => {
  /** How a line ends its item at the first try. */
  const table: [string, Ending | null, { done?: true; dead?: string; retry?: string; missing?: true }][] = [
    ['succeeded: a result', succeeds(), { done: true }],
    ['refused by the model: a dead letter', succeeds({ finish: 'refused' }), { dead: 'refused' }],
    ['truncated: again, alone', succeeds({ finish: 'truncated' }), { retry: 'truncated' }],
    ['A4: invalid: a dead letter', fails('document'), { dead: 'invalid-request' }],
    ['failed by the provider: again, alone', fails('transient'), { retry: 'provider-error' }],
    ['A3: account refused: again, and nothing spent', fails('account'), { retry: 'account' }],
    ['O2: expired: back to its lane', ends('expired'), { retry: 'expired' }],
    ['N5: canceled by somebody else: back to its lane', ends('canceled'), { retry: 'canceled' }],
    ['N8: a line that is too long: a dead letter', ends('too-large'), { dead: 'result-too-large' }],
    ['O9: no line: missing, again, alone', null, { retry: 'missing', missing: true }],
  ];
  for (const [title, ending, wanted] of table) {
    it(title, () => {
      const batch = createdBatch(itemsAt(1));
      const settlement = settleBatch(batch, contextOf(readOf(batch, ending ? { 1: ending } : {})));
      assert.deepEqual(offsetsOf(settlement), {
        done: wanted.done ? [1] : [],
        dead: wanted.dead ? [[1, wanted.dead]] : [],
        retry: wanted.retry ? [[1, wanted.retry]] : [],
      });
      assert.equal(settlement.missing, wanted.missing ? 1 : 0);
      assert.equal(settlement.isAccountRefused, wanted.retry === 'account');
      assert.equal(settlement.terminals.length, wanted.retry ? 0 : 1);
    });
  }

  it('N5: that was canceled with its own run ends so; that of another run does not', () => {
    const batch = createdBatch(itemsAt(1, 2));
    const read = readOf(batch, { 1: ends('canceled'), 2: ends('canceled') });
    const envelopes = { 1: { run: 'A' }, 2: { run: 'B' } };
    const settlement = settleBatch(batch, contextOf(read, { envelopes, canceledRuns: new Set(['A']) }));
    assert.deepEqual(offsetsOf(settlement), { done: [], dead: [[1, 'canceled']], retry: [[2, 'canceled']] });
  });

  it('N5: of a canceled run is delivered all the same when it was answered', () => {
    const batch = createdBatch(itemsAt(1));
    const context = contextOf(readOf(batch, { 1: succeeds() }), {
      envelopes: { 1: { run: 'A' } },
      canceledRuns: new Set(['A']),
    });
    assert.deepEqual(offsetsOf(settleBatch(batch, context)).done, [1]);
  });

  it('is delivered after its deadline: that is the latest time to create', () => {
    const batch = createdBatch(itemsAt(1));
    const context = contextOf(readOf(batch, { 1: succeeds() }), { envelopes: { 1: { deadlineAt: 0 } } });
    assert.deepEqual(offsetsOf(settleBatch(batch, context)).done, [1]);
  });

  it('is delivered although today its document would be rejected: a paid answer is never thrown away', () => {
    const batch = createdBatch(itemsAt(1));
    const reject: Parsed = {
      is: 'reject',
      reject: { customId: 'doc-1', code: 'unknown-task', where: 'task', why: 'gone' },
    };
    const context = contextOf(readOf(batch, { 1: succeeds() }), {
      documentOf: item => ({ envelope: envelopeOf(item), parsed: reject }),
    });
    const { settled, terminals } = settleBatch(batch, context);
    assert.equal(settled.done.length, 1);
    assert.equal(terminals[0]?.customId, 'doc-1');
  });

  it('P4: is priced as of its CREATED, when a price changes between that and its INTENT', () => {
    const batch = createdBatch(itemsAt(1));
    const change = Date.UTC(2026, 9, 7);
    assert.ok(batch.state.is === 'created');
    batch.state = { ...batch.state, at: change, intent: { ...batch.state.intent, at: change - 1 } };
    const cached: Partial<Answer> = { model: 'claude-sonnet-5-5', usage: { ...noUsage, cacheRead: 1_000 } };
    const { settled } = settleBatch(batch, contextOf(readOf(batch, { 1: succeeds(cached) })));
    assert.equal(settled.cost, fromNanodollars((1_000 * 100) / 2)); // before it: 200 nanodollars a token
    assert.equal(settled.spend?.at, change - 1); // the day that caps count it in
  });

  it('S4: ends with its fourth charged failure and its fifth expiry', () => {
    const items: SealedItem[] = [
      [0, 1, 3, 3],
      [0, 2, 4, 0, { uncharged: 4 }],
    ];
    const batch = createdBatch(items);
    const settlement = settleBatch(batch, contextOf(readOf(batch, { 1: fails('transient'), 2: ends('expired') })));
    const dead = [
      [1, 'provider-error'],
      [2, 'expired'],
    ];
    assert.deepEqual(offsetsOf(settlement), { done: [], dead, retry: [] });
  });

  it('that lost by key is a duplicate, whatever line the provider has for it', () => {
    const items: SealedItem[] = [
      [0, 1, 0, 0, { key: 'k' }],
      [0, 2, 0, 0, { key: 'k' }],
    ];
    const batch = createdBatch(items);
    const settlement = settleBatch(batch, contextOf(readOf(batch, { 1: succeeds(), 2: succeeds() })));
    assert.deepEqual(offsetsOf(settlement), { done: [1], dead: [[2, 'duplicate']], retry: [] });
  });
});

describe('an answer that was cut', () => {
  const raised: Recipe = raisedRecipe(text, { shape: 'content', content: 'x' });
  const settle = (recipe: Recipe, ending: Ending) => {
    const batch = createdBatch([[0, 1, 1, 1]]);
    return settleBatch(batch, contextOf(readOf(batch, { 1: ending }), { recipe }));
  };

  it('is asked for again with the cap raised', () => {
    assert.equal(settle(text, succeeds({ finish: 'truncated' })).settled.retry[0]?.isRaised, true);
    assert.equal(settle(text, fails('transient')).settled.retry[0]?.isRaised, undefined);
  });

  it('S4: cut again is a dead letter that says at what, although tries are left', () => {
    const { settled, terminals } = settle(raised, succeeds({ finish: 'truncated' }));
    assert.deepEqual(settled.retry, []);
    const { failure, raisedMaxTokens } = terminals[0] ?? {};
    assert.deepEqual([failure?.cause, failure?.why], ['truncated', 'cut at max_tokens 10, and again at 20']);
    assert.equal(raisedMaxTokens, 20);
  });

  it('stays raised when the second try fails otherwise', () => {
    for (const ending of [fails('transient'), ends('expired')]) {
      assert.equal(settle(raised, ending).settled.retry[0]?.isRaised, true);
    }
  });

  it('is delivered when the second try is whole, and the answer says so', () => {
    assert.equal(settle(raised, succeeds()).terminals[0]?.raisedMaxTokens, 20);
    assert.equal(settle(text, succeeds()).terminals[0]?.raisedMaxTokens, null);
  });
});

describe('a whole batch that ended without lines', () => {
  for (const [end, cause] of [
    ['queue-full', 'queue-full'],
    ['expired', 'expired'],
    ['invalid', 'invalid'],
  ] as const) {
    it(`${end}: every item goes back to its lane, none is missing, none is charged (O3, G2)`, () => {
      const batch = createdBatch(itemsAt(1, 2, 3));
      const settlement = settleBatch(batch, contextOf(readOf(batch, {}, end)));
      assert.deepEqual(
        offsetsOf(settlement).retry,
        [1, 2, 3].map(offset => [offset, cause]),
      );
      assert.equal(settlement.missing, 0);
      for (const row of settlement.settled.retry) {
        assert.deepEqual([row.att, row.charged, row.uncharged], [1, 0, end === 'expired' ? 1 : 0]);
        assert.equal(row.bound, end === 'invalid' ? 2 : undefined);
        assert.equal(isAlone(row.cause), false);
      }
    });
  }

  it('invalid, and of one item: that item is at fault', () => {
    const batch = createdBatch(itemsAt(1));
    const { settled, terminals } = settleBatch(batch, contextOf(readOf(batch, {}, 'invalid')));
    assert.equal(settled.dead.length, 1);
    assert.equal(terminals[0]?.failure?.cause, 'invalid-request');
  });

  it('keeps the answers there are: only the rest is what the batch was', () => {
    const batch = createdBatch(itemsAt(1, 2));
    const settlement = settleBatch(batch, contextOf(readOf(batch, { 1: succeeds() }, 'expired')));
    assert.deepEqual(offsetsOf(settlement), { done: [1], dead: [], retry: [[2, 'expired']] });
  });
});

describe('a batch that was closed unsent', () => {
  it('canceled: ends the items of the canceled run, and its innocent ones go back to their lane', () => {
    const batch = closedBatch('canceled', itemsAt(1, 2, 3));
    const envelopes = { 1: { run: 'A' }, 2: { run: 'B' } };
    const settlement = settleBatch(batch, contextOf(null, { envelopes, canceledRuns: new Set(['A']) }));
    assert.deepEqual(offsetsOf(settlement).dead, [[1, 'canceled']]);
    assert.deepEqual(
      settlement.settled.retry.map(row => [row.o, row.att, row.charged, row.uncharged]),
      [
        [2, 1, 0, 0],
        [3, 1, 0, 0],
      ],
    );
  });

  it('deadline: ends the items whose deadline lay before the CLOSED, by the time of the journal alone', () => {
    const batch = closedBatch('deadline', itemsAt(1, 2, 3));
    const envelopes = { 1: { deadlineAt: noon - 1 }, 2: { deadlineAt: noon }, 3: { deadlineAt: noon + 1 } };
    const settlement = settleBatch(batch, contextOf(null, { envelopes, now: noon + 1e9 }));
    assert.deepEqual(offsetsOf(settlement).dead, [[1, 'deadline']]);
    assert.deepEqual(
      settlement.settled.retry.map(row => row.o),
      [2, 3],
    );
  });

  for (const why of ['split', 'invalid'] as const) {
    for (const [count, bound] of [
      [2, 1],
      [3, 2],
      [100, 50],
      [101, 51],
    ] as const) {
      it(`${why} of ${count}: all go back with a bound of ${bound}, and nothing is spent (N6)`, () => {
        const batch = closedBatch(why, itemsAt(...Array.from({ length: count }, (_, offset) => offset)));
        const { settled } = settleBatch(batch, contextOf(null));
        assert.equal(settled.retry.length, count);
        for (const row of settled.retry) assert.deepEqual([row.bound, row.charged, row.uncharged], [bound, 0, 0]);
      });
    }

    it(`${why} of one, duplicates not counted: a dead letter`, () => {
      const items: SealedItem[] = [
        [0, 1, 0, 0, { key: 'k' }],
        [0, 2, 0, 0, { key: 'k' }],
      ];
      const settlement = settleBatch(closedBatch(why, items), contextOf(null));
      const dead = [
        [1, why === 'split' ? 'too-large' : 'invalid-request'],
        [2, 'duplicate'],
      ];
      assert.deepEqual(offsetsOf(settlement), { done: [], dead, retry: [] });
    });
  }

  it('split again and again ends: every bound is smaller than the batch it came from', () => {
    for (const count of [...Array(30).keys(), 499, 500, 999, 1_000]) {
      if (count < 2) continue;
      const { settled } = settleBatch(closedBatch('split', itemsAt(...Array(count).keys())), contextOf(null));
      assert.ok((settled.retry[0]?.bound as number) < count);
    }
  });

  it('parked too long: ends every item', () => {
    const settlement = settleBatch(closedBatch('parked-too-long', itemsAt(1, 2)), contextOf(null));
    assert.deepEqual(
      offsetsOf(settlement).dead.map(([, cause]) => cause),
      ['parked-too-long', 'parked-too-long'],
    );
  });

  it('spends nothing', () => {
    const { settled } = settleBatch(closedBatch('deadline', itemsAt(1)), contextOf(null));
    assert.deepEqual([settled.cost, settled.individualCost, settled.usage, settled.actual], [0, 0, noUsage, {}]);
  });
});

describe('a batch that is never sent', () => {
  it('of rejects: each ends with the code of its own fault', () => {
    const batch = openFold(sealed(bk, { type: 'reject', items: itemsAt(1, 2) })).batch(bk);
    const parsedOf = (item: Item): Parsed => ({
      is: 'reject',
      reject: { customId: null, code: item.offset === 1 ? 'invalid-json' : 'too-deep', where: null, why: 'because' },
    });
    const context = contextOf(null, {
      recipe: null,
      documentOf: item => ({ envelope: envelopeOf(item), parsed: parsedOf(item) }),
    });
    const { terminals, settled } = settleBatch(batch, context);
    assert.deepEqual(
      terminals.map(({ outcome, attempts, failure }) => [outcome, attempts, failure?.cause, failure?.why]),
      [
        ['rejected', 0, 'invalid-json', 'because'],
        ['rejected', 0, 'too-deep', 'because'],
      ],
    );
    assert.equal(settled.dead.length, 2);
  });

  it('of rejects: stays one when today its document parses (a task was configured since)', () => {
    const batch = openFold(sealed(bk, { type: 'reject', items: itemsAt(1) })).batch(bk);
    const { terminals } = settleBatch(batch, contextOf(null, { recipe: null }));
    assert.equal(terminals[0]?.outcome, 'rejected');
  });

  it('of duplicates alone: each is told so', () => {
    const fold = openFold(
      sealed('first', { items: [[0, 1, 0, 0, { key: 'k' }]] }),
      sealed(bk, { items: [[0, 2, 0, 0, { key: 'k' }]] }),
    );
    const { terminals } = settleBatch(fold.batch(bk), contextOf(null));
    assert.deepEqual([terminals[0]?.outcome, terminals[0]?.attempts], ['duplicate', 0]);
  });

  it('of reuse, with nothing to take: goes back to its lane, never ends as a duplicate', () => {
    const batch = openFold(sealed(bk, { type: 'reuse', items: [[0, 2, 0, 0, { of: [0, 1] }]] })).batch(bk);
    const { settled } = settleBatch(batch, contextOf(null));
    assert.deepEqual([settled.dead.length, settled.retry.length, settled.retry[0]?.charged], [0, 1, 0]);
  });
});

describe('a batch of kind reuse', () => {
  const of = (offset: number): SealedExtra => ({ of: [0, offset], until: noon + 1_000 });
  const records = sealed(bk, {
    type: 'reuse',
    items: [
      [0, 2, 0, 0, of(1)],
      [0, 3, 0, 0, of(4)],
      [0, 5, 0, 2, of(6)],
    ],
  });
  const cost = { billed: fromNanodollars(500), individual: fromNanodollars(1_000) };
  const body = { text: 'yes' };
  const answer = { from: { partition: 0, offset: 1 }, model: 'm', output: 'yes', body, raisedMaxTokens: 20, cost };
  const states: Record<number, ReuseState> = {
    2: { is: 'answered', answer },
    3: { is: 'waiting' },
    5: { is: 'gone' },
  };
  const settle = (rest: Partial<SettleContext> = {}) => {
    const reuseOf = (item: Item): ReuseState => states[item.offset] as ReuseState;
    return settleBatch(openFold(records).batch(bk), {
      ...contextOf(null),
      reuseOf,
      requestKeyOf: () => 'key',
      ...rest,
    });
  };

  it('gives the answer again, for nothing, and says whose it was', () => {
    const { settled, terminals } = settle();
    assert.deepEqual(settled.done, [[0, 2]]);
    assert.deepEqual([settled.cost, settled.individualCost], [0, cost.individual]);
    const [terminal] = terminals;
    assert.ok(terminal);
    const value = JSON.parse(resultJson(terminal)) as Record<string, unknown>;
    assert.deepEqual([value.output, value.body, value.reused_from], ['yes', { text: 'yes' }, '0/1']);
    assert.deepEqual([value.usage, value.attempts, value.raised_max_tokens], [undefined, 0, 20]);
    assert.deepEqual(value.cost, { billed_usd: '0.00', individual_usd: '0.000001' });
    assert.deepEqual([terminal.requestKey, terminal.reusedFrom], ['key', { partition: 0, offset: 1 }]);
  });

  it('says what buying it would have cost, which is in no sum of what was bought', () => {
    const { spend } = settle().settled;
    const reused = { answers: 1, unpriced: 0, batch: cost.billed, individual: cost.individual };
    assert.deepEqual(spend?.rows, [{ tenant: null, model: 'm', ...noSpend, reused }]);
    const unpriced = settle({ reuseOf: () => ({ is: 'answered', answer: { ...answer, cost: null } }) }).settled;
    assert.deepEqual(unpriced.spend?.rows[0]?.reused, { answers: 3, unpriced: 3, batch: 0, individual: 0 });
  });

  it('what waits goes on waiting apart, what has nothing to wait for is bought, and neither spends a try', () => {
    const [waits, buys] = settle().settled.retry;
    assert.deepEqual([waits?.o, waits?.of, waits?.charged, waits?.cause], [3, [0, 4], 0, 'not-reused']);
    assert.deepEqual([buys?.o, buys?.of, buys?.charged, buys?.att], [5, undefined, 2, 1]);
  });

  it('what is canceled is a dead letter, whatever there is to take', () => {
    const documents = contextOf(null).documentOf;
    const documentOf: SettleContext['documentOf'] = item => {
      const { envelope, parsed } = documents(item);
      return { envelope: { ...envelope, run: 'r' }, parsed };
    };
    const { terminals } = settle({ canceledRuns: new Set(['r']), documentOf });
    assert.deepEqual(
      terminals.map(({ outcome }) => outcome),
      ['canceled', 'canceled', 'canceled'],
    );
  });
});

describe('a batch that must not be settled', () => {
  const histories = {
    sealed: [sealed(bk)],
    intent: [sealed(bk), intent(bk)],
    aborted: [sealed(bk), intent(bk), aborted(bk)],
  };
  for (const [state, records] of Object.entries(histories)) {
    it(`${state}: throws, with and without a read, rather than ending items nobody sent or closed`, () => {
      const batch = openFold(...records).batch(bk);
      for (const read of [null, readOf(batch, {})]) {
        assert.throws(() => settleBatch(batch, contextOf(read)), { code: 'internal' });
      }
    });
  }

  it('created: throws without a read; closed: throws with one', () => {
    assert.throws(() => settleBatch(createdBatch(itemsAt(1)), contextOf(null)), { code: 'internal' });
    const batch = closedBatch('deadline', itemsAt(1));
    assert.throws(() => settleBatch(batch, contextOf(readOf(batch, {}))), { code: 'internal' });
  });
});

describe('typed output', () => {
  const settle = (answer: Partial<Answer>, rest: Partial<SettleContext> = {}) => {
    const batch = createdBatch(itemsAt(1));
    return settleBatch(batch, contextOf(readOf(batch, { 1: succeeds(answer) }), { recipe: typed, ...rest }));
  };

  it('is parsed, and delivered as it is', () => {
    assert.deepEqual(settle({ text: '{"label":"a"}' }).terminals[0]?.output, { label: 'a' });
  });

  for (const [what, answer, rest] of [
    ['is not JSON', { text: 'certainly!' }, {}],
    ['does not fit the schema', { text: '{}' }, { checkOutput: () => 'label is missing' }],
  ] as const) {
    it(`that ${what} is tried again, alone, and paid for`, () => {
      const { settled } = settle(answer, rest);
      assert.deepEqual([settled.retry[0]?.cause, settled.retry[0]?.charged], ['invalid-output', 1]);
      assert.equal(settled.cost, billed);
    });
  }

  const canary = { recipe: { ...typed, canary: true } };
  const code = canaryCode({ partition: 0, offset: 1, att: 0 });
  it('G3: with the code of its item is delivered without it', () => {
    const { terminals } = settle({ text: JSON.stringify({ label: 'a', [canaryField]: code }) }, canary);
    assert.deepEqual(terminals[0]?.output, { label: 'a' });
  });

  for (const [what, output] of [
    ['the code of another item', { label: 'a', [canaryField]: canaryCode({ partition: 0, offset: 2, att: 0 }) }],
    ['the code of another attempt', { label: 'a', [canaryField]: canaryCode({ partition: 0, offset: 1, att: 1 }) }],
    ['no code', { label: 'a' }],
    ['a list', [code]],
    ['null', null],
  ] as const) {
    it(`G3: with ${what} is not delivered: two keys were swapped`, () => {
      const { settled } = settle({ text: JSON.stringify(output) }, canary);
      assert.deepEqual([settled.done.length, settled.retry[0]?.cause], [0, 'invalid-output']);
    });
  }
});

describe('what a batch has cost (P4, P5, S5)', () => {
  const reserve = {
    'account:main:money': 1_000_000,
    'account:main:items': 4,
    'run:A:money': 600_000,
    'run:B:money': 400_000,
  };
  const envelopes = { 1: { run: 'A' }, 2: { run: 'A' }, 3: { run: 'B' }, 4: { run: 'B' } };
  const settle = (endings: Readonly<Record<number, Ending>>, wholeBatch: WholeBatchEnd | null = null) => {
    const batch = createdBatch(itemsAt(1, 2, 3, 4), reserve);
    return settleBatch(batch, contextOf(readOf(batch, endings, wholeBatch), { envelopes })).settled;
  };
  const all = (ending: Ending) => ({ 1: ending, 2: ending, 3: ending, 4: ending });

  it('is what its answers were billed, by account and by run; queued items are free again', () => {
    const { cost, actual, runs } = settle(all(succeeds()));
    assert.equal(cost, 4 * billed);
    assert.deepEqual(actual, {
      'account:main:money': 4 * billed,
      'run:A:money': 2 * billed,
      'run:B:money': 2 * billed,
    });
    assert.deepEqual([runs.A?.cost, runs.B?.cost], [2 * billed, 2 * billed]);
  });

  it('counts answers that were not delivered: refused, truncated, invalid', () => {
    assert.equal(settle(all(succeeds({ finish: 'refused' }))).cost, 4 * billed);
    assert.equal(settle(all(succeeds({ finish: 'truncated' }))).actual['run:A:money'], 2 * billed);
  });

  it('is nothing for what the provider does not bill: failed, expired, canceled, the whole batch refused', () => {
    for (const ending of [fails('transient'), fails('account'), ends('expired'), ends('canceled')]) {
      const { cost, actual } = settle(all(ending));
      assert.deepEqual([cost, actual['account:main:money'], actual['run:A:money']], [0, 0, 0]);
    }
    assert.equal(settle({}, 'queue-full').actual['account:main:money'], 0);
  });

  it('S5 O9: a lost line counts as bought, at its share of the reserve of its run and account', () => {
    const { actual, cost } = settle({ 1: succeeds(), 2: succeeds(), 3: succeeds() });
    assert.equal(cost, 3 * billed, 'the books say only what is known');
    assert.equal(actual['run:A:money'], 2 * billed);
    assert.equal(actual['run:B:money'], billed + 200_000);
    assert.equal(actual['account:main:money'], 3 * billed + 250_000);
  });

  it('S5 N8: so does an answer that was too long to keep', () => {
    const { actual } = settle({ ...all(succeeds()), 4: ends('too-large') });
    assert.equal(actual['run:B:money'], billed + 200_000);
  });

  it('S5 N8: so does one whose line could be kept and whose result could not: it has the text twice', () => {
    const large = 'x'.repeat(resultLineBytesMax - 1_000);
    const keeps = (text: string) => succeeds({ text, body: { content: [{ type: 'text', text }] } });
    const { actual, done, dead } = settle({
      ...all(succeeds()),
      3: keeps(large.slice(0, -1_000_000)),
      4: keeps(large),
    });
    assert.deepEqual(dead, [[0, 4, 'result-too-large']]);
    assert.equal(done.length, 3);
    assert.equal(actual['run:B:money'], billed + 200_000);
  });

  it('S5: so does an answer whose price is unknown; the cost of the batch is then unknown, never zero', () => {
    const { actual, cost, individualCost } = settle({ ...all(succeeds()), 4: succeeds({ model: 'unheard-of' }) });
    assert.deepEqual([cost, individualCost], [null, null]);
    assert.equal(actual['run:B:money'], billed + 200_000);
  });

  it('is told by tenant and model, with what was delivered, wasted and lost', () => {
    const endings = { 1: succeeds(), 2: succeeds({ finish: 'truncated' }), 3: fails('transient') };
    const batch = createdBatch(itemsAt(1, 2, 3, 4), reserve);
    const tenants = { ...envelopes, 1: { tenant: 'a' }, 2: { tenant: 'b' }, 4: { tenant: 'b' } };
    const { spend } = settleBatch(batch, contextOf(readOf(batch, endings), { envelopes: tenants })).settled;
    assert.equal(spend?.at, noon);
    const told = spend?.rows.map(row => [row.tenant, row.bought, row.delivered, row.truncated, row.lost, row.wasted]);
    assert.deepEqual(told, [
      ['a', 1, 1, 0, 0, 0],
      ['b', 1, 0, 1, 1, billed],
    ]);
    assert.equal(settle(all(fails('account'))).spend, undefined, 'nothing was bought');
  });

  it('is booked for a run whatever its name', () => {
    for (const run of ['constructor', '__proto__', 'toString', 'a:money', 'two\nlines', '']) {
      const scope = `run:${run}:money`;
      const batch = createdBatch(itemsAt(1, 2), { [scope]: 9_000_000 });
      const named = { 1: { run }, 2: { run } };
      const { settled } = settleBatch(
        batch,
        contextOf(readOf(batch, { 1: succeeds(), 2: succeeds() }), { envelopes: named }),
      );
      assert.equal(settled.actual[scope], 2 * billed, JSON.stringify(run));
      assert.deepEqual(
        Object.entries(settled.runs).map(([name, { cost }]) => [name, cost]),
        [[run, 2 * billed]],
      );
    }
  });
});

describe('a terminal', () => {
  it('counts the tries that were made: a split or a full queue was none', () => {
    const batch = createdBatch([[0, 1, 7, 1, { uncharged: 2 }]]);
    const { terminals } = settleBatch(batch, contextOf(readOf(batch, { 1: succeeds() })));
    assert.deepEqual([terminals[0]?.att, terminals[0]?.attempts], [7, 4]);
  });

  it('of a document that was never sent says 0, however often it was sealed', () => {
    const batch = closedBatch('deadline', [[0, 1, 3, 0]]);
    const { terminals } = settleBatch(batch, contextOf(null, { envelopes: { 1: { deadlineAt: 0 } } }));
    assert.equal(terminals[0]?.attempts, 0);
    assert.equal(terminals[0]?.failure?.cause, 'deadline');
  });
});

// ---- any batch, any read

interface Fate {
  att: number;
  charged: number;
  uncharged: number;
  key: string | undefined;
  run: string | null;
  deadlineAt: number;
  ending: Ending | null;
}

const ending = fc.constantFrom<Ending | null>(
  succeeds(),
  succeeds({ finish: 'refused' }),
  succeeds({ finish: 'truncated' }),
  succeeds({ model: 'unheard-of' }),
  fails('document'),
  fails('transient'),
  fails('account'),
  ends('expired'),
  ends('canceled'),
  ends('too-large'),
  null,
);
const fate: fc.Arbitrary<Fate> = recordOf({
  att: fc.nat(6),
  charged: fc.nat(3),
  uncharged: fc.nat(4),
  key: fc.constantFrom(undefined, undefined, 'k1', 'k2'),
  run: fc.constantFrom(null, 'A', 'B'),
  deadlineAt: fc.constantFrom(noon - 1, noon, noon + 1_000_000),
  ending,
});
const fates = fc.array(fate, { minLength: 1, maxLength: 12 });
const wholeBatch = fc.constantFrom<WholeBatchEnd | null>(null, null, 'expired', 'queue-full', 'invalid');
const closeReason = fc.constantFrom<CloseReason | null>(
  null,
  null,
  'canceled',
  'deadline',
  'split',
  'invalid',
  'parked-too-long',
);
const sample = recordOf({ fates, wholeBatch, closeReason, canceled: fc.subarray(['A', 'B']) });

interface Sample {
  fates: Fate[];
  wholeBatch: WholeBatchEnd | null;
  closeReason: CloseReason | null;
  canceled: string[];
}

const reserve = { 'account:main:money': 5_000_000, 'account:main:items': 12, 'run:A:money': 3_000_000 };

/** A batch of these items, closed unsent or created and read; a batch of duplicates alone is settled as it is. */
function sampled({ fates: all, wholeBatch: end, closeReason: why, canceled }: Sample): {
  batch: Batch;
  context: SettleContext;
} {
  const items = all.map(({ att, charged, uncharged, key }, offset): SealedItem => {
    return [0, offset, att, charged, { uncharged, ...(key === undefined ? {} : { key }) }];
  });
  const fold = openFold(sealed('elsewhere', { items: [[1, 0, 0, 0, { key: 'k2' }]] }), sealed(bk, { items }));
  fold.addAll(...(why ? [closed(bk, why)] : [intent(bk, 1, reserve), created(bk)]));
  const batch = fold.batch(bk);
  const isRead = batch.state.is === 'created';
  const endings = Object.fromEntries(all.flatMap((one, offset) => (one.ending ? [[offset, one.ending]] : [])));
  const envelopes = Object.fromEntries(all.map(({ run, deadlineAt }, offset) => [offset, { run, deadlineAt }]));
  const read = isRead ? readOf(batch, endings, end) : null;
  return { batch, context: contextOf(read, { envelopes, canceledRuns: new Set(canceled) }) };
}

describe('closed books: any batch, any read', () => {
  it('every item the batch won is in exactly one of done, dead and retry; a terminal for each that ended', () => {
    checkProperty(
      fc.property(sample, one => {
        const { batch, context } = sampled(one);
        const { settled, terminals } = settleBatch(batch, context);
        const { done, dead, retry } = settled;
        const offsets = [...done.map(row => row[1]), ...dead.map(row => row[1]), ...retry.map(row => row.o)];
        assert.deepEqual(
          offsets.sort((a, b) => a - b),
          batch.items.map(item => item.offset),
        );
        const ended = terminals.map(({ rid, failure }) => [rid.offset, failure === null]);
        const wanted = [...done.map(row => [row[1], true]), ...dead.map(row => [row[1], false])];
        assert.deepEqual(
          ended.sort(([a], [b]) => Number(a) - Number(b)),
          wanted.sort(([a], [b]) => Number(a) - Number(b)),
        );
        for (const { bk: key, att, rid } of terminals) {
          assert.deepEqual([key, att], [bk, batch.items.find(item => item.offset === rid.offset)?.att]);
        }
      }),
      { runs: 300 },
    );
  });

  it('S3 S4: a retry is the next attempt, spends what its cause says, and is bounded', () => {
    checkProperty(
      fc.property(sample, one => {
        const { batch, context } = sampled(one);
        for (const row of settleBatch(batch, context).settled.retry) {
          const item = batch.items.find(each => each.offset === row.o) as Item;
          const { again } = causes[row.cause];
          assert.equal(row.att, item.att + 1);
          assert.equal(row.charged, item.charged + (again === 'alone' ? 1 : 0));
          assert.equal(row.uncharged, item.uncharged + (again === 'lane-capped' ? 1 : 0));
          assert.ok(row.charged < 4 && row.uncharged < 5);
          assert.equal(item.isDuplicate, false);
          assert.deepEqual(row.runs, one.fates[row.o]?.run ? [one.fates[row.o]?.run] : []);
          if (row.bound !== undefined) assert.ok(row.bound < itemsToSend(batch).length && row.bound >= 1);
        }
      }),
    );
  });

  it('S1: the terminals are the same bytes whatever the clock says and in whatever order the lines came', () => {
    checkProperty(
      fc.property(sample, fc.nat(1e9), (one, later) => {
        const { batch, context } = sampled(one);
        const lines = context.read && { ...context.read, lines: new Map([...context.read.lines].reverse()) };
        const again = settleBatch(structuredClone(batch), {
          ...context,
          read: lines,
          now: noon + later,
          timeScale: 60,
        });
        const first = settleBatch(batch, context);
        assert.deepEqual(again.terminals.map(resultJson), first.terminals.map(resultJson));
        assert.deepEqual(again.settled.actual, first.settled.actual);
      }),
    );
  });

  it('S2: lines of another batch, attempt, record or fleet change nothing', () => {
    const foreign = recordOf({
      fleet: fc.constantFrom(fleet, 'zzzzzz'),
      bk: fc.constantFrom(bk, 'zzzzzzzzzzzz'),
      partition: fc.nat(1),
      offset: fc.nat(12),
      att: fc.nat(7),
    });
    checkProperty(
      fc.property(sample, fc.array(foreign, { maxLength: 20 }), (one, others) => {
        const { batch, context } = sampled(one);
        if (!context.read) return;
        const own = new Set(batch.items.map(idOf));
        const more = others.map(formatCustomId).filter(customId => !own.has(customId));
        const lines = new Map([
          ...more.map(customId => [customId, succeeds({ text: 'stolen' })(customId)] as const),
          ...context.read.lines,
        ]);
        assert.deepEqual(
          settleBatch(batch, { ...context, read: { ...context.read, lines } }),
          settleBatch(batch, context),
        );
      }),
    );
  });

  it('P5 S5: usage is summed once, money is what was answered plus at most the reserve, and never negative', () => {
    checkProperty(
      fc.property(sample, one => {
        const { batch, context } = sampled(one);
        const { settled } = settleBatch(batch, context);
        const answered = batch.items.flatMap(item => {
          const line = item.isDuplicate ? undefined : context.read?.lines.get(idOf(item));
          return line?.type === 'succeeded' ? [line.answer] : [];
        });
        const used = answered.reduce((sum, answer) => addUsage(sum, answer.usage), noUsage);
        assert.deepEqual(settled.usage, used);
        const costs = answered.map(answer => costOf(answer.model, answer.usage, noon)?.billed ?? null);
        const known = costs.reduce<number>((sum, cost) => sum + (cost ?? 0), 0);
        assert.equal(settled.cost, costs.includes(null) ? null : known);
        for (const [scope, amount] of Object.entries(settled.actual)) {
          assert.ok(Number.isSafeInteger(amount) && amount >= 0, `${scope}: ${amount}`);
          assert.ok(amount <= known + (reserve as Amounts)[scope]!, `${scope}: ${amount}`);
        }
        assert.ok((settled.actual['account:main:money'] ?? known) >= known);
        assert.ok(!('account:main:items' in settled.actual));
      }),
    );
  });
});
