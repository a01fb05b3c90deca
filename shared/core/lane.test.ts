import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkProperty, recordOf } from '#test/support/check-property.ts';
import {
  addToLane,
  closeReason,
  fits,
  keepInLane,
  type Lane,
  type LaneItem,
  type LaneSettings,
  openLane,
} from './lane.ts';
import { deadlineMarginMs } from './limits.ts';

const settings: LaneSettings = {
  key: 'lane',
  type: 'batch',
  account: 'main',
  recipe: 'recipe',
  itemsMax: 3,
  ageMsMax: 30_000,
  bytesMax: 1_000,
  tokensMax: 500,
  cache: null,
};

const itemOf = (offset: number, rest: Partial<LaneItem> = {}): LaneItem => ({
  partition: 0,
  offset,
  att: 0,
  charged: 0,
  uncharged: 0,
  key: null,
  run: null,
  deadlineAt: Number.MAX_SAFE_INTEGER,
  value: new Uint8Array(2),
  bytes: 2,
  tokens: 1,
  tenant: null,
  blocks: null,
  kind: null,
  addedAt: 0,
  requestKey: null,
  of: null,
  ...rest,
});

function laneOf(...items: LaneItem[]): Lane {
  const lane = openLane(settings);
  for (const item of items) addToLane(lane, item, 1_000);
  return lane;
}

/** Nothing closes a lane at this moment but what is in it. */
const quiet = { now: 0, monotonic: 1_000, isInputAtEnd: false };

describe('a lane closes', () => {
  it('never while it is empty, whatever the moment', () => {
    assert.equal(closeReason(openLane(settings), { now: Infinity, monotonic: Infinity, isInputAtEnd: true }), null);
  });

  it('not while it waits for more', () => assert.equal(closeReason(laneOf(itemOf(0), itemOf(1)), quiet), null));

  it('by count', () => assert.equal(closeReason(laneOf(itemOf(0), itemOf(1), itemOf(2)), quiet), 'count'));
  it('by bytes', () => assert.equal(closeReason(laneOf(itemOf(0, { bytes: 1_000 })), quiet), 'bytes'));
  it('by tokens', () => assert.equal(closeReason(laneOf(itemOf(0, { tokens: 500 })), quiet), 'tokens'));

  it('at the end of the input', () => {
    assert.equal(closeReason(laneOf(itemOf(0)), { ...quiet, isInputAtEnd: true }), 'end-of-input');
  });

  it('when the oldest document is due, to the millisecond, however young the others are', () => {
    const lane = laneOf(itemOf(0));
    addToLane(lane, itemOf(1), 30_999);
    assert.equal(closeReason(lane, { ...quiet, monotonic: 30_999 }), null);
    assert.equal(closeReason(lane, { ...quiet, monotonic: 31_000 }), 'age');
  });

  it('a minute before the earliest deadline in it', () => {
    const lane = laneOf(itemOf(0), itemOf(1, { deadlineAt: 500_000 }), itemOf(2, { deadlineAt: 600_000 }));
    lane.itemsMax = 9;
    assert.equal(closeReason(lane, { ...quiet, now: 500_000 - deadlineMarginMs - 1 }), null);
    assert.equal(closeReason(lane, { ...quiet, now: 500_000 - deadlineMarginMs }), 'deadline');
  });

  it('a clock that was set does not age it: only the monotonic one does', () => {
    assert.equal(closeReason(laneOf(itemOf(0)), { ...quiet, now: 1e15 - deadlineMarginMs }), null);
  });
});

describe('fits', () => {
  it('a first item always: one that is too large for every lane is sent alone (413 decides)', () => {
    assert.equal(fits(openLane(settings), itemOf(0, { bytes: 1e9, tokens: 1e9 })), true);
  });

  it('each bound by itself', () => {
    const lane = laneOf(itemOf(0, { bytes: 400, tokens: 400 }));
    assert.equal(fits(lane, itemOf(1, { bytes: 600, tokens: 100 })), true);
    assert.equal(fits(lane, itemOf(1, { bytes: 601, tokens: 100 })), false);
    assert.equal(fits(lane, itemOf(1, { bytes: 600, tokens: 101 })), false);
    assert.equal(fits(laneOf(itemOf(0), itemOf(1), itemOf(2)), itemOf(3)), false);
  });
});

describe('keepInLane', () => {
  it('leaves what is kept, with bytes, tokens and deadline as if the rest had never been in', () => {
    const lane = laneOf(
      itemOf(0, { bytes: 9, tokens: 9, deadlineAt: 5 }),
      itemOf(1, { bytes: 3, tokens: 4, deadlineAt: 7 }),
    );
    keepInLane(lane, item => item.offset === 1, 2_000);
    assert.deepEqual([lane.items.length, lane.bytes, lane.tokens, lane.earliestDeadline], [1, 3, 4, 7]);
  });

  it('does not make a document wait anew: however often others leave, it is sent when it is due', () => {
    const lane = laneOf(itemOf(0), itemOf(1));
    for (const monotonic of [11_000, 21_000, 30_900]) keepInLane(lane, item => item.offset === 1, monotonic);
    assert.equal(closeReason(lane, { ...quiet, monotonic: 31_000 }), 'age');
  });

  it('empties it when nothing is kept, and the next document opens it', () => {
    const lane = laneOf(itemOf(0, { deadlineAt: 5 }));
    keepInLane(lane, () => false, 9_000);
    assert.deepEqual([lane.items, lane.bytes, lane.tokens, lane.earliestDeadline], [[], 0, 0, Infinity]);
    addToLane(lane, itemOf(1), 50_000);
    assert.equal(closeReason(lane, { ...quiet, monotonic: 79_999 }), null);
    assert.equal(closeReason(lane, { ...quiet, monotonic: 80_000 }), 'age');
  });
});

describe('documents through a lane', () => {
  const arrival = recordOf({
    bytes: fc.oneof(fc.nat(400), fc.nat(2_000)),
    tokens: fc.oneof(fc.nat(200), fc.nat(1_000)),
    deadlineAt: fc.integer({ min: 60_000, max: 1_000_000 }),
    afterMs: fc.oneof(fc.nat(500), fc.nat(40_000)),
    isDropped: fc.constantFrom(false, false, false, false, true),
  });

  it('are each in exactly one batch, no batch is above a bound unless it is one document, and none waits too long', () => {
    checkProperty(
      fc.property(fc.array(arrival, { maxLength: 40 }), arrivals => {
        const lane = openLane(settings);
        const batches: LaneItem[][] = [];
        const dropped: number[] = [];
        const arrivedAt = new Map<number, number>();
        let monotonic = 0;
        const seal = (): void => {
          for (const { offset } of lane.items) {
            const waited = monotonic - (arrivedAt.get(offset) as number);
            assert.ok(waited <= settings.ageMsMax, `${offset} waited ${waited} ms`);
          }
          batches.push([...lane.items]);
          keepInLane(lane, () => false, monotonic);
        };
        const pass = (until: number): void => {
          for (; monotonic < until; monotonic += 100) {
            if (closeReason(lane, { now: monotonic, monotonic, isInputAtEnd: false })) seal();
          }
        };
        for (const [offset, { afterMs, isDropped, ...rest }] of arrivals.entries()) {
          pass(monotonic + afterMs);
          const item = itemOf(offset, rest);
          if (!fits(lane, item)) seal();
          addToLane(lane, item, monotonic);
          arrivedAt.set(offset, monotonic);
          if (!isDropped) continue;
          keepInLane(lane, one => one.offset !== offset, monotonic);
          dropped.push(offset);
        }
        if (lane.items.length > 0) seal();
        const sent = batches.flat().map(item => item.offset);
        assert.deepEqual(
          [...sent, ...dropped].sort((a, b) => a - b),
          [...arrivals.keys()],
        );
        for (const batch of batches) {
          const sum = (of: 'bytes' | 'tokens'): number => batch.reduce((total, item) => total + item[of], 0);
          assert.ok(batch.length <= settings.itemsMax);
          if (batch.length > 1) assert.ok(sum('bytes') <= settings.bytesMax && sum('tokens') <= settings.tokensMax);
        }
      }),
    );
  });
});
