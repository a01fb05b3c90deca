import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { headerNames } from '#core/headers.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Append, Log } from '#ports/log.ts';
import { TestFleet, type TestWorker } from '#test/support/test-fleet.ts';
import { createProducer, type Producer } from './create-producer.ts';

interface Bundle {
  fleet: TestFleet;
  worker: TestWorker;
  producer: Producer;
  log: Log;
  /** How many records each append had. */
  appends: number[];
  /** Taken by the next appends, one each. */
  failures: FlotillaError[];
}

async function setup({ documentPartitions = 2 } = {}): Promise<Bundle> {
  const fleet = new TestFleet({ documentPartitions, lane: { ageMsMax: 1_000 } });
  const worker = await fleet.worker();
  const appends: number[] = [];
  const failures: FlotillaError[] = [];
  const bare = fleet.cluster.connect();
  const log: Log = new Proxy(bare, {
    get(target, property) {
      if (property !== 'append') {
        const member: unknown = Reflect.get(target, property, target);
        return typeof member === 'function' ? member.bind(target) : member;
      }
      return async (write: Append) => {
        appends.push(write.records.length);
        await fleet.clock.sleep(5);
        const failure = failures.shift();
        if (failure) throw failure;
        return bare.append(write);
      };
    },
  });
  return { fleet, worker, producer: createProducer({ log, clock: fleet.clock }), log, appends, failures };
}

const document = (name: string) => ({ custom_id: name, task: 'summarise', content: `Text of ${name}.` });

/** Lets time pass until `promise` is settled. */
async function within<T>({ fleet }: Bundle, promise: Promise<T>): Promise<T> {
  let isOver = false;
  const end = (): void => {
    isOver = true;
  };
  void promise.then(end, end);
  for (let turns = 0; turns < 2_000 && !isOver; turns++) await fleet.clock.advance(1);
  return promise;
}

const isCode =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof FlotillaError && error.code === code;

describe('send', () => {
  it('resolves with the rid under which the document is in the log', async () => {
    const bundle = await setup();
    const { rid } = await within(bundle, bundle.producer.send(document('a'), { idempotencyKey: 'k' }));
    const [partition = 0, offset = 0] = rid.split('/').map(Number);
    const [record] = await bundle.log.readAt({ topic: 'documents', partition, offsets: [offset] });
    assert.equal(record?.key, 'a');
    assert.equal(record?.headers[headerNames.idempotencyKey], 'k');
  });

  it('sends many in few appends, each with its own rid, one append of a partition at a time', async () => {
    const bundle = await setup();
    const names = Array.from({ length: 3_000 }, (_, index) => `d${index}`);
    const sent = names.map(name => bundle.producer.send(document(name)));
    const rids = await within(bundle, Promise.all(sent));
    assert.equal(new Set(rids.map(({ rid }) => rid)).size, 3_000);
    assert.ok(bundle.appends.length <= 8, `${bundle.appends.length} appends`);
    const [rid = ''] = rids.map(each => each.rid).slice(-1);
    const [partition = 0, offset = 0] = rid.split('/').map(Number);
    const [record] = await bundle.log.readAt({ topic: 'documents', partition, offsets: [offset] });
    assert.equal(record?.key, 'd2999', 'the rid is of this very document');
  });

  it('keeps one key in one partition', async () => {
    const bundle = await setup();
    const rids = await within(bundle, Promise.all([1, 2, 3].map(() => bundle.producer.send(document('same')))));
    assert.equal(new Set(rids.map(({ rid }) => rid.split('/')[0])).size, 1);
  });

  it('tells everyone of an append that failed, and goes on with the next', async () => {
    const bundle = await setup({ documentPartitions: 1 });
    bundle.failures.push(new FlotillaError('log-unavailable', { isRetryable: true }));
    const both = Promise.allSettled([bundle.producer.send(document('a')), bundle.producer.send(document('b'))]);
    const failed = await within(bundle, both);
    for (const each of failed) assert.ok(each.status === 'rejected' && isCode('log-unavailable')(each.reason));
    assert.equal((await within(bundle, bundle.producer.send(document('c')))).rid, '0/0');
  });

  it('reads no results while nobody waits for one', async () => {
    const bundle = await setup();
    let reads = 0;
    const read: Log['read'] = query => {
      if (query.topic === 'results') reads += 1;
      return bundle.log.read(query);
    };
    const log = new Proxy(bundle.log, { get: (target, name) => (name === 'read' ? read : Reflect.get(target, name)) });
    const producer = createProducer({ log, clock: bundle.fleet.clock });
    await within(bundle, producer.send(document('a')));
    await producer.close();
    assert.equal(reads, 0);
  });
});

describe('answers', () => {
  it('come to whoever sent the document and waits', async () => {
    const bundle = await setup();
    const waiting = Promise.all([
      bundle.producer.sendAndWait(document('a'), { metadata: { n: 1 } }),
      bundle.producer.sendAndWait({ custom_id: 'b', task: 'unknown', content: 'x' }),
    ]);
    await bundle.fleet.settleDown(bundle.worker);
    const [a, b] = await waiting;
    assert.deepEqual([a.custom_id, a.outcome, a.metadata], ['a', 'succeeded', { n: 1 }]);
    assert.deepEqual([b.custom_id, b.outcome, b.cause], ['b', 'rejected', 'unknown-task']);
    await bundle.producer.close();
  });

  it('are found when they came before anybody asked', async () => {
    const bundle = await setup();
    const { rid } = await within(bundle, bundle.producer.send(document('a')));
    await bundle.fleet.settleDown(bundle.worker);
    assert.equal(bundle.fleet.results().length, 1);
    assert.equal((await within(bundle, bundle.producer.answer(rid))).outcome, 'succeeded');
    const other = createProducer({ log: bundle.log, clock: bundle.fleet.clock });
    assert.equal((await within(bundle, other.answer(rid))).custom_id, 'a', 'of another producer too');
    await Promise.all([bundle.producer.close(), other.close()]);
  });

  it('are the first of their rid, should a broken broker show a copy', async () => {
    const bundle = await setup({ documentPartitions: 1 });
    const result = (attempts: number) => ({
      key: 'a',
      value: Buffer.from(JSON.stringify({ custom_id: 'a', rid: '0/0', outcome: 'succeeded', attempts })),
      headers: { [headerNames.rid]: '0/0' },
    });
    const waiting = bundle.producer.answer('0/0');
    await bundle.fleet.cluster.connect().append({ topic: 'results', partition: 0, records: [result(1), result(2)] });
    assert.equal((await within(bundle, waiting)).attempts, 1);
    assert.equal((await within(bundle, bundle.producer.answer('0/0'))).attempts, 1);
    await bundle.producer.close();
  });

  it('are not waited for longer than was said', async () => {
    const bundle = await setup();
    const { rid } = await within(bundle, bundle.producer.send(document('a')));
    await assert.rejects(within(bundle, bundle.producer.answer(rid, { timeoutMs: 50 })), isCode('no-answer-yet'));
    const stopping = new AbortController();
    const aborted = assert.rejects(bundle.producer.answer(rid, { signal: stopping.signal }), isCode('no-answer-yet'));
    stopping.abort();
    await aborted;
    const closed = assert.rejects(bundle.producer.answer(rid), isCode('no-answer-yet'));
    await bundle.fleet.clock.advance(10);
    await bundle.producer.close();
    await closed;
  });

  it('of what is no rid are refused', async () => {
    const bundle = await setup();
    await assert.rejects(bundle.producer.answer('a'), isCode('invalid-usage'));
  });
});

describe('one idempotency key', () => {
  it('sent 200 times is bought once: one answer, 199 duplicates that name it', async () => {
    const bundle = await setup();
    const sent = Array.from({ length: 200 }, (_, index) =>
      bundle.producer.send(document(`d${index}`), { idempotencyKey: 'order-17' }),
    );
    await within(bundle, Promise.all(sent));
    await bundle.fleet.settleDown(bundle.worker);
    bundle.fleet.assertAnsweredOnce(200);
    const answers = bundle.fleet.results() as ReturnType<TestFleet['results']> & { message?: string }[];
    const [bought, ...others] = answers.toSorted((a, b) => (a.outcome < b.outcome ? 1 : -1));
    assert.equal(bought?.outcome, 'succeeded');
    for (const { outcome, attempts, message } of others as { outcome: string; attempts: number; message?: string }[]) {
      assert.deepEqual([outcome, attempts], ['duplicate', 0]);
      assert.equal(message, `record ${bought?.rid} holds its idempotency key`);
    }
    assert.equal(bundle.fleet.provider.batches.flatMap(({ customIds }) => customIds).length, 1);
  });

  it('of a CloudEvent, of a replay and of a dead letter put back counts the same', async () => {
    const bundle = await setup({ documentPartitions: 1 });
    const event = { id: '1', source: '/s', type: 't' };
    await within(bundle, Promise.all(['a', 'b'].map(name => bundle.producer.send(document(name), { event }))));
    await bundle.fleet.settleDown(bundle.worker);
    assert.deepEqual(
      bundle.fleet
        .results()
        .map(({ outcome }) => outcome)
        .sort(),
      ['duplicate', 'succeeded'],
    );
    const [letter] = bundle.fleet.cluster.committed('dead-letters', 0);
    assert.ok(letter);
    const { key, value, headers } = letter;
    const byHand = { ...headers, [headerNames.reason]: '', [headerNames.replayOf]: headers[headerNames.rid] ?? '' };
    for (const each of [headers, headers, byHand])
      await bundle.fleet.cluster
        .connect()
        .append({ topic: 'documents', partition: 0, records: [{ key, value, headers: each }] });
    await bundle.fleet.settleDown(bundle.worker);
    bundle.fleet.assertAnsweredOnce(5);
    const replays = bundle.fleet
      .results()
      .slice(2)
      .map(({ outcome }) => outcome);
    assert.deepEqual(replays.sort(), ['duplicate', 'duplicate', 'succeeded'], 'put back three times, bought once');
  });
});
