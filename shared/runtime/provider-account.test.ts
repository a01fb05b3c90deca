import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createManualClock, type ManualClock } from '#adapters/memory/create-manual-clock.ts';
import { timingFor } from '#core/timing.ts';
import { createView, type View } from '#core/view.ts';
import { dropsUnanswered, ScriptedProvider, unavailable } from '#test/support/scripted-provider.ts';
import { accountOf, type Hold, ProviderAccount } from './provider-account.ts';

interface Bundle {
  clock: ManualClock;
  provider: ScriptedProvider;
  account: ProviderAccount;
  view: View;
}

/** An account whose owner is pinned and, unless told otherwise, shown. */
async function setup({ isShown = true } = {}): Promise<Bundle> {
  const clock = createManualClock();
  const provider = new ScriptedProvider({ clock });
  const account = new ProviderAccount({ name: 'main', provider, clock, timing: timingFor() });
  const view = createView();
  view.fleet = { id: 'fleeta', partitions: 1, settledPartitions: 1 };
  const { owner, baseUrl } = provider;
  view.accounts.set('main', { provider: 'anthropic', baseUrl, owner });
  if (isShown) await account.list({ limit: 1 });
  return { clock, provider, account, view };
}

const request = {
  label: { fleet: 'fleeta', bk: 'b', sub: 1 },
  isInTime: () => true,
  items: [{ customId: 'c', body: '{}' }],
};
const { signal } = new AbortController();

describe('ProviderAccount: holds', () => {
  const holds: [Hold | null, (bundle: Bundle) => unknown][] = [
    [null, () => {}],
    ['log-newer', ({ view }) => Object.assign(view, { unknown: { what: 'x' } })],
    ['no-fleet', ({ view }) => Object.assign(view, { fleet: null })],
    ['foreign-fleet', ({ account }) => account.stopForForeignFleet('b')],
    ['owner-unseen', ({ view }) => view.accounts.clear()],
    [
      'owner-mismatch',
      ({ view }) => view.accounts.set('main', { provider: '', baseUrl: 'https://provider.invalid', owner: 'x' }),
    ],
    ['breaker', ({ account }) => account.refuse()],
  ];
  for (const [hold, spoil] of holds) {
    it(String(hold), async () => {
      const bundle = await setup();
      spoil(bundle);
      assert.equal(bundle.account.hold(bundle.view), hold);
    });
  }

  it('owner-unseen before any reply of its own, whatever the log says', async () => {
    const { account, view } = await setup({ isShown: false });
    assert.equal(account.hold(view), 'owner-unseen');
  });

  const clocks: [number, Hold | null][] = [
    [0, null],
    [29_000, null],
    [-29_000, null],
    [31_000, 'clock-off'],
    [-31_000, 'clock-off'],
  ];
  for (const [offMs, hold] of clocks) {
    it(`a provider's clock ${offMs} ms off: ${hold}`, async () => {
      const { account, provider, view } = await setup({ isShown: false });
      provider.clockOffMs = offMs;
      await account.list({ limit: 1 });
      assert.equal(account.hold(view), hold);
    });
  }

  it('any reply shows the owner and the clock: a list, a create, a read, a cancel', async () => {
    for (const reply of ['list', 'create', 'results', 'cancel'] as const) {
      const { account } = await setup({ isShown: false });
      if (reply === 'list') await account.list({ limit: 1 });
      if (reply === 'create') await account.create(request, signal);
      if (reply === 'results') await account.results('pid');
      if (reply === 'cancel') await account.cancel('pid');
      assert.equal(account.ownerSeen, 'organisation/workspace', reply);
    }
  });

  it('a list that failed shows nothing', async () => {
    const { account, provider, view } = await setup({ isShown: false });
    provider.listErrors.push(unavailable());
    await assert.rejects(account.list({ limit: 1 }));
    assert.equal(account.hold(view), 'owner-unseen');
  });
});

describe('ProviderAccount: creates', () => {
  it('counts calls under way, also when the adapter throws', async () => {
    const { account, provider, view, clock } = await setup();
    account.refuse();
    await clock.advance(60_000);
    const gate = Promise.withResolvers<never>();
    provider.creates.push(() => gate.promise);
    const pending = account.create(request, signal);
    assert.equal(account.hold(view), 'breaker');
    gate.reject(new Error('bug'));
    await assert.rejects(pending);
    assert.equal(account.hold(view), null);
  });

  it('remembers that a call has ended without an answer, until the next one begins', async () => {
    const { account, provider } = await setup();
    provider.creates.push(dropsUnanswered);
    await account.create(request, signal);
    assert.equal(account.isUnanswered('b'), true);
    await account.create(request, signal);
    assert.equal(account.isUnanswered('b'), false);
  });

  it('what is wrong with one batch says that the provider is there', async () => {
    const { account, provider } = await setup();
    provider.creates.push(dropsUnanswered, dropsUnanswered, provider.refuses('invalid'));
    for (let create = 0; create < 3; create++) await account.create(request, signal);
    assert.deepEqual(account.breaker, { is: 'closed', failures: 0, opened: 0 });
  });
});

describe('accountOf', () => {
  it('says which account the log needs', () => {
    assert.throws(() => accountOf(new Map(), 'gone'), { code: 'provider-not-configured', where: 'account gone' });
  });
});

describe('ProviderAccount: lists', () => {
  it('that fail are counted until one is answered: who only looks has nothing else to tell by', async () => {
    const { account, provider } = await setup();
    const times = (): number => account.unlisted?.times ?? 0;
    assert.equal(times(), 0);
    provider.listErrors.push(unavailable(), unavailable());
    for (const failed of [1, 2]) {
      await assert.rejects(account.list({ limit: 1 }), { code: 'provider-unavailable' });
      assert.equal(times(), failed);
    }
    assert.match(account.unlisted?.why ?? '', /provider unavailable/i);
    await account.list({ limit: 1 });
    assert.equal(times(), 0);
  });
});
