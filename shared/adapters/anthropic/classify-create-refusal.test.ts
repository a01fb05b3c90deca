import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { classifyCreateRefusal } from './classify-create-refusal.ts';

const envelope = (type: string, message = 'said', code?: string) => ({
  type: 'error',
  error: { type, message, ...(code && { details: { error_code: code } }) },
  request_id: 'req_1',
});

const classify = (httpStatus: number, body: unknown, headers: Record<string, string> = {}) =>
  classifyCreateRefusal({ httpStatus, body, headers: new Headers(headers) });

describe('classifyCreateRefusal', () => {
  const definite = [
    [400, envelope('invalid_request_error'), 'invalid'],
    [400, envelope('invalid_request_error', 'Your credit balance is too low to access'), 'account'],
    [400, envelope('invalid_request_error', 'x', 'organization_on_hold'), 'account'],
    [401, envelope('authentication_error'), 'account'],
    [402, envelope('billing_error'), 'account'],
    [403, envelope('permission_error'), 'account'],
    [404, envelope('not_found_error'), 'account'],
    [413, envelope('request_too_large'), 'too-large'],
    [413, undefined, 'too-large'],
    [422, envelope('invalid_request_error'), 'invalid'],
    [422, envelope('billing_error'), 'account'],
    [429, envelope('rate_limit_error'), 'rate-limited'],
    [429, envelope('rate_limit_error', 'x', 'ramp_limit_exceeded'), 'rate-limited'],
    [429, envelope('rate_limit_error', 'x', 'enforced_spend_limit_reached'), 'account'],
    [429, envelope('rate_limit_error', 'x', 'contract_spend_limit_reached'), 'account'],
    [529, envelope('overloaded_error'), 'overloaded'],
  ] as const;
  for (const [httpStatus, body, reason] of definite) {
    const said = body ? `${body.error.message} ${body.error.details?.error_code ?? ''}` : 'no JSON';
    it(`N6: ${httpStatus} (${said}) is refused: ${reason}`, () => {
      const outcome = classify(httpStatus, body);
      assert.ok(outcome.status === 'refused');
      assert.equal(outcome.reason, reason);
      assert.equal(outcome.httpStatus, httpStatus);
    });
  }

  for (const httpStatus of [
    300, 301, 307, 308, 405, 408, 409, 410, 418, 421, 425, 451, 500, 501, 502, 503, 504, 520, 599,
  ]) {
    it(`A1: ${httpStatus} is ambiguous even with an error body`, () => {
      assert.equal(classify(httpStatus, envelope('api_error')).status, 'ambiguous');
    });
  }

  for (const httpStatus of [400, 401, 402, 403, 404, 422, 429, 529]) {
    for (const body of [undefined, null, 'text', [], {}, { error: 'text' }, { message: 'gateway' }, { error: {} }]) {
      it(`A1: ${httpStatus} with ${JSON.stringify(body)} is ambiguous: it may be a proxy's`, () => {
        assert.equal(classify(httpStatus, body).status, 'ambiguous');
      });
    }
  }

  const waits = [
    [{}, null],
    [{ 'retry-after': '7' }, 7_000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after': '7', 'retry-after-ms': '250' }, 250],
    [{ 'retry-after': 'soon' }, null],
    [{ 'retry-after': '-3' }, null],
    [{ date: 'Sat, 21 Nov 2026 18:00:00 GMT', 'retry-after': 'Sat, 21 Nov 2026 18:01:00 GMT' }, 60_000],
    [{ date: 'Sat, 21 Nov 2026 18:00:00 GMT', 'retry-after': 'Sat, 21 Nov 2026 17:01:00 GMT' }, 0],
    [{ 'retry-after': 'Sat, 21 Nov 2026 18:01:00 GMT' }, null],
  ] as const;
  for (const [headers, retryAfterMs] of waits) {
    it(`reads ${JSON.stringify(headers)} as ${retryAfterMs} ms`, () => {
      const outcome = classify(429, envelope('rate_limit_error'), headers);
      assert.ok(outcome.status === 'refused');
      assert.equal(outcome.retryAfterMs, retryAfterMs);
    });
  }

  it('has facts only when the reply shows an owner: an edge must not look like another owner', () => {
    const silent = classify(413, undefined, { date: 'Sat, 21 Nov 2026 18:00:00 GMT' });
    const shown = classify(413, undefined, { 'anthropic-organization-id': 'org_1' });
    assert.ok(silent.status === 'refused' && shown.status === 'refused');
    assert.equal(silent.facts, null);
    assert.deepEqual(shown.facts, { owner: 'org_1/-', serverDate: null });
  });
});
