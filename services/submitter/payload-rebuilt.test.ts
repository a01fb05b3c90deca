import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { asIsLine, TestFleet, type TestWorker, taskLine } from '#test/support/test-fleet.ts';

async function setup(recipe = {}): Promise<{ fleet: TestFleet; worker: TestWorker }> {
  const fleet = new TestFleet({ lane: { itemsMax: 3 }, recipe });
  return { fleet, worker: await fleet.worker() };
}

const submit = (worker: TestWorker): Promise<boolean> => worker.submitter.runOnce({ waitMs: 0 });

/** The bytes that were sealed, as the payload store holds them: a line of JSON, then one body a line. */
async function sealedBodies(fleet: TestFleet, bk: string): Promise<string[]> {
  return Buffer.from((await fleet.payloads.get(bk)) ?? [])
    .toString('utf8')
    .split('\n')
    .slice(1);
}

const bodiesOf = (fleet: TestFleet): string[] => (fleet.provider.posts[0]?.items ?? []).map(item => item.body);

/** Its keys stand in no order of the alphabet: a model is to give its reasons first. */
const schema = {
  type: 'object',
  properties: { why: { type: 'string' }, label: { type: 'string' } },
  required: ['why', 'label'],
  additionalProperties: false,
};

describe('Submitter: payload', () => {
  const shapes: [string, (index: number) => string, object][] = [
    [
      'as they are',
      index => asIsLine(`d-${index}`, { system: 'ü "\\u2028" \u2028 1e21', temperature: 0.30000000000000004 }),
      {},
    ],
    ['of a task', index => taskLine(`d-${index}`), {}],
    ['of a task with a schema', index => taskLine(`d-${index}`), { outputSchema: schema }],
    ['of a task with a canary', index => taskLine(`d-${index}`), { canary: true, outputSchema: { type: 'object' } }],
  ];
  for (const [what, lineOf, recipe] of shapes) {
    it(`is built again byte for byte when it is gone: documents ${what}`, async () => {
      const { fleet, worker } = await setup(recipe);
      for (let index = 0; index < 3; index++) await fleet.enqueue(1, { value: lineOf(index) });
      await worker.accumulator.runOnce();
      const bk = fleet.journal('SEALED')[0]?.bk ?? '';
      const before = await sealedBodies(fleet, bk);
      assert.equal(before.length, 3);
      await fleet.payloads.delete(bk);
      await submit(await fleet.worker());
      assert.deepEqual(bodiesOf(fleet), before);
    });
  }

  const prefix = 'Read what follows with care. '.repeat(100);
  for (const [what, lineOf, recipe] of [
    ['of a task', (index: number) => taskLine(`d-${index}`), { instructions: prefix }],
    ['as they are', (index: number) => asIsLine(`d-${index}`, { system: `ü \u2028 1e21 ${prefix}` }), {}],
    [
      'of which some share nothing',
      (index: number) => asIsLine(`d-${index}`, index < 19 ? { system: prefix } : {}),
      {},
    ],
  ] as const) {
    it(`is built again byte for byte with its markers, whatever was learnt since: documents ${what}`, async () => {
      const fleet = new TestFleet({ lane: { itemsMax: 20 }, recipe, cache: { mode: 'on', holdBack: 0 } });
      const worker = await fleet.worker();
      for (let index = 0; index < 20; index++) await fleet.enqueue(1, { value: lineOf(index) });
      await worker.accumulator.runOnce();
      const [sealed] = fleet.journal('SEALED');
      assert.equal(sealed?.plan?.use, 'marked');
      const before = await sealedBodies(fleet, sealed.bk);
      assert.ok(before.filter(body => body.includes('"cache_control"')).length >= 19);
      await fleet.payloads.delete(sealed.bk);
      const other = await fleet.worker();
      const { hash = '' } = sealed.plan.marks[0] ?? {};
      const miss = { hash, model: 'claude-haiku-5-5', ttl: '5m', use: 'marked', isPrimed: true, items: 20 } as const;
      const nothing = { prefixTokens: 700, promptTokens: 14_000, hits: 0, readTokens: 0, writtenTokens: 14_000, at: 1 };
      other.follower.view.lessons.learn({ bk: 'earlier', ...miss, ...nothing });
      await submit(other);
      assert.deepEqual(bodiesOf(fleet), before);
    });
  }

  it('reserves the same whether it is built again or not, and more with markers than without', async () => {
    const reserves: number[] = [];
    for (const [mode, isDropped] of [
      ['off', false],
      ['on', false],
      ['on', true],
    ] as const) {
      const fleet = new TestFleet({
        lane: { itemsMax: 20 },
        recipe: { instructions: prefix },
        cache: { mode, holdBack: 0 },
      });
      const worker = await fleet.worker({ primesPerHour: 0 });
      for (let index = 0; index < 20; index++) await fleet.enqueue(1, { value: taskLine(`d-${index}`) });
      await worker.accumulator.runOnce();
      if (isDropped) await fleet.payloads.delete(fleet.journal('SEALED')[0]?.bk ?? '');
      await submit(worker);
      reserves.push(fleet.journal('INTENT')[0]?.reserve['fleet:money'] ?? 0);
    }
    const [plain = 0, marked = 0, rebuilt = 0] = reserves;
    assert.ok(plain > 0 && marked > plain, reserves.join(' '));
    assert.equal(rebuilt, marked);
  });

  it('is built again when the bytes are no payload', async () => {
    const { fleet, worker } = await setup();
    await fleet.enqueue(3);
    await worker.accumulator.runOnce();
    const bk = fleet.journal('SEALED')[0]?.bk ?? '';
    const before = await sealedBodies(fleet, bk);
    await fleet.payloads.put(bk, Buffer.from('torn'));
    await submit(worker);
    assert.deepEqual(bodiesOf(fleet), before);
  });

  it('holds only what the batch won when an earlier SEALED took some of it (C5)', async () => {
    const { fleet, worker } = await setup();
    await fleet.enqueue(3);
    let isRaced = false;
    const slower = await fleet.worker({
      hook: async label => {
        if (label !== 'view.log.append(SEALED)·before' || isRaced) return;
        isRaced = true;
        const items = [[0, 1, 0, 0]] as const;
        await fleet.append({
          kind: 'SEALED',
          bk: 'zzzzzzzzzzzz',
          type: 'reject',
          account: '',
          recipe: '',
          runs: [],
          items,
        });
      },
    });
    await slower.accumulator.runOnce();
    const bk = fleet.journal('SEALED')[1]?.bk ?? '';
    const before = await sealedBodies(fleet, bk);
    await submit(worker);
    assert.deepEqual(
      fleet.provider.posts[0]?.items.map(({ customId }) => customId),
      [`fleeta-${bk}-0-0-0`, `fleeta-${bk}-0-2-0`],
    );
    assert.deepEqual(bodiesOf(fleet), [before[0], before[2]]);
  });

  it('leaves out duplicates, which are not sent', async () => {
    const { fleet, worker } = await setup();
    await fleet.enqueue(3, { headers: { 'idempotency-key': 'once' } });
    await worker.accumulator.runOnce();
    await submit(worker);
    assert.equal(fleet.provider.posts[0]?.items.length, 1);
  });
});
