import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { headerNames } from '../headers.ts';
import { fromNanodollars } from '../money.ts';
import { reusedAnswer } from './reused-answer.ts';

const headers = { [headerNames.requestKey]: 'key', [headerNames.outcome]: 'succeeded', [headerNames.rid]: '0/3' };
const value = (fields: object): Uint8Array => Buffer.from(JSON.stringify({ output: 'yes', ...fields }));

describe('reusedAnswer', () => {
  it('is what the record says: whose purchase, of which model, at what price', () => {
    const cost = { billed_usd: '0.0000005', individual_usd: '0.000001' };
    assert.deepEqual(reusedAnswer({ value: value({ body: { model: 'm' }, cost }), headers }, 'key'), {
      from: { partition: 0, offset: 3 },
      model: 'm',
      output: 'yes',
      body: { model: 'm' },
      raisedMaxTokens: null,
      cost: { billed: fromNanodollars(500), individual: fromNanodollars(1_000) },
    });
    const { model, cost: unknown } = reusedAnswer({ value: value({}), headers }, 'key') ?? {};
    assert.deepEqual([model, unknown], [null, null]);
  });

  it('of an answer that was itself given again, the first purchase: it did not come for nothing', () => {
    const again = { ...headers, [headerNames.reusedFrom]: '0/1' };
    const cost = { billed_usd: '0.00', individual_usd: '0.000001' };
    const answer = reusedAnswer({ value: value({ cost }), headers: again }, 'key');
    assert.deepEqual(
      [answer?.from.offset, answer?.cost],
      [1, { billed: fromNanodollars(500), individual: fromNanodollars(1_000) }],
    );
  });

  it('is none of another request, and none that failed', () => {
    assert.equal(reusedAnswer({ value: value({}), headers }, 'other'), null);
    const failed = { ...headers, [headerNames.outcome]: 'failed' };
    assert.equal(reusedAnswer({ value: value({}), headers: failed }, 'key'), null);
  });
});
