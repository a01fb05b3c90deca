import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodePayload, encodePayload } from '#core/payload.ts';
import { asIsLine, TestFleet, type TestFleetOptions, type TestWorker, taskLine } from '#test/support/test-fleet.ts';

async function setup(recipe = {}): Promise<{ fleet: TestFleet; worker: TestWorker }> {
  const fleet = new TestFleet({ lane: { itemsMax: 3 }, recipe });
  return { fleet, worker: await fleet.worker() };
}

const submit = (worker: TestWorker): Promise<boolean> => worker.submitter.runOnce({ waitMs: 0 });

const bodiesOf = (fleet: TestFleet): string[] => (fleet.provider.posts[0]?.items ?? []).map(item => item.body);

/** What one batch of these sends, from its payload or from the log. */
async function sentBodies(
  isDropped: boolean,
  { values, options }: { values: readonly string[]; options: TestFleetOptions },
  between: (worker: TestWorker, fleet: TestFleet) => void = () => {},
): Promise<string[]> {
  const fleet = new TestFleet(options);
  const worker = await fleet.worker();
  for (const value of values) await fleet.enqueue(1, { value });
  await worker.accumulator.runOnce();
  const bk = fleet.journal('SEALED')[0]?.bk ?? '';
  const kept = decodePayload((await fleet.payloads.get(bk)) ?? new Uint8Array());
  assert.deepEqual(
    kept?.map(({ value }) => Buffer.from(value).toString()),
    values,
  );
  if (isDropped) await fleet.payloads.delete(bk);
  const other = await fleet.worker();
  between(other, fleet);
  await submit(other);
  return bodiesOf(fleet);
}

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
    it(`is not missed when it is gone: the same bytes are sent of documents ${what}`, async () => {
      const batch = { values: [0, 1, 2].map(lineOf), options: { lane: { itemsMax: 3 }, recipe } };
      const before = await sentBodies(false, batch);
      assert.equal(before.length, 3);
      assert.deepEqual(await sentBodies(true, batch), before);
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
    it(`is sent with the markers of its plan, whatever was learnt since: documents ${what}`, async () => {
      const options = { lane: { itemsMax: 20 }, recipe, cache: { mode: 'on', holdBack: 0 } } as const;
      const batch = { values: Array.from({ length: 20 }, (_, index) => lineOf(index)), options };
      const learn = ({ follower }: TestWorker, fleet: TestFleet): void => {
        const [sealed] = fleet.journal('SEALED');
        assert.equal(sealed?.plan?.use, 'marked');
        const { hash = '' } = sealed.plan.marks[0] ?? {};
        const miss = { hash, model: 'claude-haiku-5-5', ttl: '5m', use: 'marked', isPrimed: true, items: 20 } as const;
        const nothing = {
          prefixTokens: 700,
          promptTokens: 14_000,
          hits: 0,
          readTokens: 0,
          writtenTokens: 14_000,
          at: 1,
        };
        follower.view.lessons.learn({ bk: 'earlier', ...miss, ...nothing });
      };
      const before = await sentBodies(false, batch);
      assert.ok(before.filter(body => body.includes('"cache_control"')).length >= 19);
      assert.deepEqual(await sentBodies(true, batch, learn), before);
    });
  }

  it('reserves the same with and without it, and more with markers than without', async () => {
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
    const [plain = 0, marked = 0, unkept = 0] = reserves;
    assert.ok(plain > 0 && marked > plain, reserves.join(' '));
    assert.equal(unkept, marked);
  });

  it('is not believed when its bytes are no payload, and what is not in it is read from the log', async () => {
    const values = [0, 1, 2].map(index => asIsLine(`d-${index}`, { system: `${index}` }));
    const sent: string[][] = [];
    for (const spoil of [
      (payload: Uint8Array) => payload,
      () => Buffer.from('torn'),
      (payload: Uint8Array) => encodePayload(decodePayload(payload)?.slice(1) ?? []),
      (payload: Uint8Array) => encodePayload(decodePayload(payload)?.toReversed() ?? []),
      (payload: Uint8Array) =>
        encodePayload((decodePayload(payload) ?? []).map(document => ({ ...document, value: Buffer.from('{}') }))),
    ]) {
      const { fleet, worker } = await setup();
      for (const value of values) await fleet.enqueue(1, { value });
      await worker.accumulator.runOnce();
      const bk = fleet.journal('SEALED')[0]?.bk ?? '';
      await fleet.payloads.put(bk, spoil((await fleet.payloads.get(bk)) ?? new Uint8Array()));
      await submit(worker);
      sent.push(bodiesOf(fleet));
    }
    assert.equal(sent[0]?.length, 3);
    for (const bodies of sent) assert.deepEqual(bodies, sent[0]);
  });

  it('may be of what this program does not take: that document alone is a dead letter', async () => {
    const { fleet, worker } = await setup();
    await fleet.enqueue(1);
    await worker.accumulator.runOnce();
    await fleet.clock.advance(30_000);
    await worker.accumulator.runOnce();
    const [sealed] = fleet.journal('SEALED');
    assert.ok(sealed);
    for (const value of [asIsLine('a'), '{}', asIsLine('b')]) await fleet.enqueue(1, { value });
    const items = [1, 2, 3].map(offset => [0, offset, 0, 0] as const);
    const { account, recipe } = sealed;
    await fleet.append({ kind: 'SEALED', bk: 'zzzzzzzzzzzz', type: 'batch', account, recipe, runs: [], items });
    await fleet.settleDown(worker);
    assert.ok(fleet.journal('CLOSED').some(({ bk, why }) => bk === 'zzzzzzzzzzzz' && why === 'invalid'));
    fleet.assertAnsweredOnce(4);
    assert.equal(fleet.deadLetters().length, 1);
  });

  it('is split when its requests are more than its lane took them for', async () => {
    const fleet = new TestFleet({ lane: { itemsMax: 10 } });
    const worker = await fleet.worker();
    // Each number is four bytes, and is sent as twenty-one.
    const stop = `[${'1e20,'.repeat(180_000)}1]`;
    const value = asIsLine('a').replace(/}}$/, `,"stop_sequences":${stop}}}`);
    await fleet.enqueue(10, { value });
    await worker.accumulator.runOnce();
    await submit(worker);
    assert.deepEqual(
      fleet.journal('CLOSED').map(({ why }) => why),
      ['split'],
    );
    assert.equal(fleet.provider.posts.length, 0);
  });

  it('may hold more than the batch won: an earlier SEALED took some of it (C5)', async () => {
    const { fleet, worker } = await setup();
    for (let index = 0; index < 3; index++)
      await fleet.enqueue(1, { value: asIsLine(`d-${index}`, { system: `${index}` }) });
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
    await submit(worker);
    assert.deepEqual(
      fleet.provider.posts[0]?.items.map(({ customId }) => customId),
      [`fleeta-${bk}-0-0-0`, `fleeta-${bk}-0-2-0`],
    );
    assert.deepEqual(
      bodiesOf(fleet).map(body => (JSON.parse(body) as { system: string }).system),
      ['0', '2'],
    );
  });

  it('leaves out duplicates, which are not sent', async () => {
    const { fleet, worker } = await setup();
    await fleet.enqueue(3, { headers: { 'idempotency-key': 'once' } });
    await worker.accumulator.runOnce();
    await submit(worker);
    assert.equal(fleet.provider.posts[0]?.items.length, 1);
  });
});
