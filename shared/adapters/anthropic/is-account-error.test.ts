import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { classifyItemError } from './classify-item-error.ts';
import { isAccountError } from './is-account-error.ts';

const error = (type: string, message = '', code: string | null = null) => ({ type, code, message });

describe('isAccountError and classifyItemError', () => {
  const rows = [
    ['document', error('invalid_request_error', 'temperature: Extra inputs are not permitted')],
    ['document', error('not_found_error', 'model: claude-x')],
    ['document', error('permission_error', 'no access to this model')],
    ['document', error('request_too_large')],
    ['transient', error('api_error', 'Internal server error')],
    ['transient', error('overloaded_error')],
    ['transient', error('rate_limit_error')],
    ['transient', error('timeout_error')],
    ['transient', error('invented_error')],
    ['account', error('billing_error')],
    ['account', error('authentication_error')],
    ['account', error('invalid_request_error', 'Your credit balance is too low to access the Anthropic API.')],
    ['account', error('invalid_request_error', 'credit balance is too low')],
    ['account', error('invalid_request_error', 'You have reached your specified API usage limits.')],
    ['account', error('invalid_request_error', 'This organization has been disabled.')],
    ['account', error('invalid_request_error', 'no words', 'organization_on_hold')],
    ['account', error('rate_limit_error', '', 'enforced_spend_limit_reached')],
    ['account', error('rate_limit_error', '', 'contract_spend_limit_reached')],
    ['transient', error('rate_limit_error', '', 'ramp_limit_exceeded')],
  ] as const;
  for (const [expected, facts] of rows) {
    it(`A3: ${facts.type} ${facts.code ?? ''} "${facts.message}" is ${expected}`, () => {
      assert.equal(classifyItemError(facts), expected);
      assert.equal(isAccountError(facts), expected === 'account');
    });
  }

  it('A3: a document that is quoted cannot stop the account', () => {
    const quoted = error('invalid_request_error', 'messages.0.content: "Your credit balance is too low" is no block');
    assert.equal(classifyItemError(quoted), 'document');
  });
});
