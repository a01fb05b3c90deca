import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openProducer } from 'flotilla';
import { openKafkaLog } from '#adapters/kafka/open-kafka-log.ts';
import { deadLetterHeadersSchema, resultHeadersSchema } from '#contracts/header-schemas.ts';
import { resultSchema } from '#contracts/result-schema.ts';
import { headerNames } from '#core/headers.ts';
import type { LogRecord } from '#ports/log.ts';
import { startFleet, type TestFleet } from '#test/support/fleet-harness.ts';
import type { ReadAnswer } from '#test/support/fleet-reader.ts';
import { copyDocument } from '#test/support/make-project.ts';
import { readTopic } from '#test/support/read-topic.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const line = (name: string): object => ({ ...copyDocument(name), task: 'copy' });

let fleet: TestFleet;
let answered = 0;
before(async () => {
  fleet = await startFleet({ workers: [{}] });
  await fleet.ready();
});
after(() => fleet?.stop());

/** The answers of so many documents that have just been published. */
async function nextAnswers(count: number): Promise<ReadAnswer[]> {
  const answers = await fleet.waitForResults(answered + count);
  assert.equal(answers.length, answered + count);
  const own = answers.slice(answered);
  answered += count;
  for (const { text, headers } of own) {
    resultSchema.parse(JSON.parse(text));
    resultHeadersSchema.parse(headers);
  }
  return own;
}

const resultOf = ({ text }: ReadAnswer) => resultSchema.parse(JSON.parse(text));

async function deadLetters(): Promise<Map<string, LogRecord>> {
  const log = await openKafkaLog({ brokers: fleet.kafka.brokers, topicPrefix: fleet.topicPrefix });
  try {
    const letters = await Array.fromAsync(readTopic(log, 'dead-letters'));
    return new Map(letters.map(letter => [letter.headers[headerNames.rid] ?? '', letter]));
  } finally {
    await log.close();
  }
}

describe('documents that others publish', () => {
  it('a bare line of kcat, without key and header, is answered under its own name', async () => {
    await fleet.publish([line('bare')]);
    const [answer] = await nextAnswers(1);
    assert.deepEqual([answer?.key, answer?.outcome], ['bare', 'succeeded']);
    assert.deepEqual(Object.keys(answer?.headers ?? {}).sort(), [
      'flotilla-att',
      'flotilla-bk',
      'flotilla-outcome',
      'flotilla-rid',
    ]);
  });

  it('trace context, CloudEvents and headers of their own come back with the answer', async () => {
    const own = { traceparent, ce_id: '17', ce_source: '/orders', ce_type: 'order.placed', 'x-reply': 'here' };
    const given = { ...own, ce_specversion: '1.0', 'content-type': 'application/json', 'flotilla-task': 'copy' };
    const args = Object.entries(given).flatMap(([name, value]) => ['-H', `${name}=${value}`]);
    await fleet.publish([copyDocument('event')], args);
    const [answer] = await nextAnswers(1);
    assert.equal(answer?.outcome, 'succeeded');
    const { 'flotilla-rid': _rid, 'flotilla-att': _att, 'flotilla-bk': _bk, ...rest } = answer?.headers ?? {};
    assert.deepEqual({ ...rest }, { ...own, 'flotilla-outcome': 'succeeded' });
    await fleet.publish([copyDocument('event, sent again')], args);
    assert.equal((await nextAnswers(1))[0]?.outcome, 'duplicate');
  });

  it('a header that cannot be followed rejects its document and no other', async () => {
    const wrong = {
      'flotilla-deadline': 'tomorrow',
      'idempotency-key': 'k'.repeat(600),
      'flotilla-replay-of': 'that one',
    };
    for (const [name, value] of Object.entries(wrong)) {
      await fleet.publish([line(`wrong ${name}`)], ['-H', `${name}=${value}`]);
    }
    await fleet.publish([line('beside them')], ['-H', `traceparent=nonsense`]);
    const answers = await nextAnswers(4);
    for (const name of Object.keys(wrong)) {
      const value = resultOf(answers.find(({ key }) => key === `wrong ${name}`) as ReadAnswer);
      assert.deepEqual([value.outcome, value.cause], ['rejected', 'invalid-header']);
      assert.ok(value.message?.startsWith(`header ${name}: `), value.message);
    }
    const beside = answers.find(({ key }) => key === 'beside them');
    assert.deepEqual([beside?.outcome, beside?.headers.traceparent], ['succeeded', undefined]);
  });

  it('headers of our own intake are believed from nobody', async () => {
    const forged = ['flotilla-reject=document-too-large', 'flotilla-resolved=1', 'flotilla-original=/etc/passwd'];
    await fleet.publish(
      [line('forged'), { custom_id: 'forged and wrong' }],
      forged.flatMap(each => ['-H', each]),
    );
    const answers = await nextAnswers(2);
    assert.deepEqual(answers.map(({ outcome }) => outcome).sort(), ['rejected', 'succeeded']);
    const { rid } = answers.find(({ outcome }) => outcome === 'rejected') as ReadAnswer;
    const letter = (await deadLetters()).get(rid);
    assert.equal(letter?.headers[headerNames.original], undefined);
    assert.equal(Buffer.from(letter?.value ?? []).toString(), '{"custom_id":"forged and wrong"}');
  });

  it('what failed is in the dead letters byte for byte, with its reason in headers, and put back it is a replay', async () => {
    await fleet.publish(['own-key\t{"broken'], ['-K', '\t', '-H', 'x-reply=here']);
    const [answer] = await nextAnswers(1);
    assert.deepEqual([answer?.key, answer?.outcome], ['own-key', 'rejected'], 'a reject keeps its key');
    const letter = (await deadLetters()).get(answer?.rid ?? '');
    assert.ok(letter);
    assert.deepEqual([letter.key, Buffer.from(letter.value).toString()], ['own-key', '{"broken']);
    const [partition, offset] = (answer?.rid ?? '').split('/');
    const headers = deadLetterHeadersSchema.parse(letter.headers);
    const topic = `${fleet.topicPrefix}.documents.v1`;
    assert.equal(headers['flotilla-dlq-reason'], 'invalid-json');
    assert.equal(headers['flotilla-dlq-attempts'], '0');
    assert.equal(headers['flotilla-replay-count'], '0');
    assert.equal(headers['flotilla-dlq-group'], `${fleet.topicPrefix}.accumulator`);
    assert.equal(letter.headers['x-reply'], 'here');
    for (const name of ['flotilla-dlq-origin-topic', '__dlq.errors.topic', 'x-original-topic'] as const)
      assert.equal(letter.headers[name], topic);
    for (const name of ['flotilla-dlq-origin-partition', '__dlq.errors.partition'])
      assert.equal(letter.headers[name], partition);
    for (const name of ['flotilla-dlq-origin-offset', '__dlq.errors.offset'])
      assert.equal(letter.headers[name], offset);
    const again = Object.entries(letter.headers).flatMap(([name, value]) => ['-H', `${name}=${value}`]);
    await fleet.publish([`own-key\t${JSON.stringify(line('mended'))}`], ['-K', '\t', ...again]);
    const [replay] = await nextAnswers(1);
    assert.deepEqual([replay?.outcome, replay?.headers[headerNames.replayOf]], ['succeeded', answer?.rid]);
  });
});

describe('flotilla produce', () => {
  const produce = (...args: string[]) => fleet.flotilla(['produce', ...args]);

  it('publishes a file under the names of its documents, and says what it did not publish', async () => {
    const lines = Array.from({ length: 120 }, (_, index) => JSON.stringify(copyDocument(`p${index}`)));
    const large = JSON.stringify({ ...copyDocument('large'), metadata: 'x'.repeat(1024 * 1024) });
    const reference = JSON.stringify({ custom_id: 'ref', ref: { uri: 'file:content.txt' } });
    const outside = JSON.stringify({ custom_id: 'outside', ref: { uri: 'file:///etc/passwd' } });
    writeFileSync(join(fleet.folder, 'content.txt'), 'Copy the code FROM-FILE into the field code.');
    writeFileSync(join(fleet.folder, 'produced.jsonl'), [...lines, large, reference, outside, 'no json'].join('\n'));
    const { code, stdout, stderr } = await produce('produced.jsonl', '--task', 'copy');
    assert.equal(code, 3, stderr);
    assert.equal(stdout, `published 122 documents to ${fleet.topicPrefix}.documents.v1, 8 partitions\n`);
    assert.equal(
      stderr,
      '  line 121 was not published: document-too-large\n  line 123 was not published: reference-refused\n',
    );
    const answers = await nextAnswers(122);
    assert.equal(answers.filter(({ outcome }) => outcome === 'succeeded').length, 121);
    const referred = answers.find(({ key }) => key === 'ref') as ReadAnswer;
    assert.deepEqual(resultOf(referred).output, { code: 'FROM-FILE' });
    assert.equal(new Set(answers.map(({ key }) => key)).size, 122);
  });

  it('with --once buys each line once, however often it is published', async () => {
    const lines = Array.from({ length: 30 }, (_, index) => JSON.stringify(line(`once-${index}`)));
    writeFileSync(join(fleet.folder, 'once.jsonl'), lines.join('\n'));
    for (const run of ['first', 'second']) {
      const { code, stdout } = await produce('once.jsonl', '--once', '--run', run, '--json');
      const { published, refused, topic } = JSON.parse(stdout) as Record<string, unknown>;
      assert.deepEqual([code, published, refused], [0, 30, 0]);
      assert.equal(topic, `${fleet.topicPrefix}.documents.v1`);
    }
    const outcomes = (await nextAnswers(60)).map(({ outcome }) => outcome).sort();
    assert.deepEqual(outcomes, [...Array(30).fill('duplicate'), ...Array(30).fill('succeeded')]);
  });

  it('says what it cannot do', async () => {
    assert.equal((await produce('missing.jsonl')).code, 2);
    assert.equal((await produce('once.jsonl', '--task', 'cpoy')).code, 2);
    assert.match((await produce('once.jsonl', '--topic', 'mistyped')).stderr, /mistyped/);
    assert.match((await produce('-', '--once')).stderr, /standard input/);
  });
});

describe('openProducer', () => {
  it('waits for answers, and one key sent 200 times is bought once', async () => {
    const executedBefore = fleet.invoice().length;
    const settings = {
      'kafka.brokers': fleet.kafka.brokers,
      'kafka.topicPrefix': fleet.topicPrefix,
    };
    const producer = await openProducer({ directory: fleet.folder, settings });
    const traceContext = { traceparent };
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        producer.sendAndWait<{ code: string }>(copyDocument(`w${index}`), {
          task: 'copy',
          idempotencyKey: 'order-17',
          metadata: { index },
          traceContext,
          timeoutMs: 60_000,
        }),
      ),
    );
    await nextAnswers(200);
    const bought = answers.filter(({ outcome }) => outcome === 'succeeded');
    assert.deepEqual([bought.length, answers.filter(({ outcome }) => outcome === 'duplicate').length], [1, 199]);
    for (const [index, { metadata, custom_id: name }] of answers.entries())
      assert.deepEqual([metadata, name], [{ index }, `w${index}`], 'each gets its own');
    assert.equal(bought[0]?.output?.code, bought[0]?.custom_id);
    assert.equal((await producer.answer(bought[0]?.rid ?? '', { timeoutMs: 30_000 })).outcome, 'succeeded');
    await producer.close();
    assert.equal(fleet.invoice().length - executedBefore, 1);
  });

  it('after all of this the audit is clean', async () => {
    const { verdict, figures, text } = await fleet.audit();
    assert.equal(verdict, 'clean', text);
    assert.equal(figures.boughtTwice, 0);
  });
});
