import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readReplyFacts } from './read-reply-facts.ts';

const read = (headers: Record<string, string>) =>
  readReplyFacts({ headers: new Headers(headers), ownerWhenUnshown: 'unshown:x' });

describe('readReplyFacts', () => {
  const organization = { 'anthropic-organization-id': 'org_1' };
  const workspace = { 'anthropic-workspace-id': 'wrkspc_1' };
  const rows = [
    [{ ...organization, ...workspace }, 'org_1/wrkspc_1'],
    [organization, 'org_1/-'],
    [workspace, '-/wrkspc_1'],
    [{}, 'unshown:x'],
    [{ 'anthropic-organization-id': '' }, 'unshown:x'],
  ] as const;
  for (const [headers, owner] of rows) {
    it(`reads ${JSON.stringify(headers)} as ${owner}`, () => assert.equal(read(headers).owner, owner));
  }

  it('reads the provider’s clock from Date', () => {
    assert.equal(read({ date: 'Sat, 21 Nov 2026 18:37:24 GMT' }).serverDate, Date.UTC(2026, 10, 21, 18, 37, 24));
    assert.equal(read({}).serverDate, null);
    assert.equal(read({ date: 'yesterday' }).serverDate, null);
  });
});
