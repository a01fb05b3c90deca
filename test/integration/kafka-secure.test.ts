import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type OpenKafkaLogOptions, openKafkaLog } from '#adapters/kafka/open-kafka-log.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import { markEnd, newRecord, readUntil, textOf } from '#test/conformance/log-fixture.ts';
import { freshTopicPrefix } from '#test/support/services/start-kafka.ts';
import { type SecureKafka, startSecureKafka } from '#test/support/services/start-secure-kafka.ts';

const passwords = { worker: 'of-the-worker', stranger: 'of-a-stranger' };

describe('a broker with TLS, SASL and access rights', () => {
  let kafka: SecureKafka;
  const topicPrefix = freshTopicPrefix();
  before(async () => {
    kafka = await startSecureKafka(passwords);
  });
  after(() => kafka?.stop());

  const as = (username: string, password: string): Partial<OpenKafkaLogOptions> => ({
    ssl: { ca: [kafka.authority] },
    sasl: { mechanism: 'plain', username, password },
  });
  const open = (options: Partial<OpenKafkaLogOptions>) =>
    openKafkaLog({ brokers: kafka.secureBrokers, topicPrefix, partitions: { documents: 1 }, ...options });

  async function refusal(options: Partial<OpenKafkaLogOptions>): Promise<FlotillaError> {
    const error = await open(options).then(
      log => log.close(),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof FlotillaError, 'it was opened');
    return error;
  }

  it('is the log like any other for who may use it: appends, waits, groups and fences', async () => {
    const log = await open(as('worker', passwords.worker));
    try {
      const mark = await markEnd(log, 'documents');
      const waiting = log.waitForMore([mark], 20_000);
      await log.append({ topic: 'documents', partition: 0, records: [newRecord('over TLS')] });
      await waiting;
      assert.deepEqual((await readUntil(log, mark, all => all.length > 0)).map(textOf), ['over TLS']);
      const fence = await log.fence(3);
      await fence.send([{ topic: 'settled', partition: 3, records: [newRecord('settled')] }]);
      await fence.commit();
      assert.equal((await log.assigned('accumulator', 'documents')).length, 1);
      await log.commitPosition({ group: 'accumulator', topic: 'documents', partition: 0, offset: 1 });
      assert.equal((await log.position('accumulator', 'documents', 0))?.offset, 1);
    } finally {
      await log.close();
    }
  });

  it('a wrong password is refused as such', async () => {
    const error = await refusal(as('worker', 'wrong'));
    assert.deepEqual([error.code, error.isRetryable], ['log-forbidden', false]);
    assert.match(error.why, /credentials/);
    assert.doesNotMatch(`${error.message} ${error.why} ${error.fix}`, /wrong/);
  });

  it('somebody without rights is refused as such', async () => {
    const error = await refusal(as('stranger', passwords.stranger));
    assert.deepEqual([error.code, error.isRetryable], ['log-forbidden', false]);
  });

  it('a certificate that nobody we trust has signed is not spoken to', async () => {
    const error = await refusal({ ...as('worker', passwords.worker), ssl: true });
    assert.equal(error.code, 'log-unavailable');
    assert.match(error.why, /certificate/);
  });
});
