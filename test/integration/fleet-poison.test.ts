import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openKafkaLog } from '#adapters/kafka/open-kafka-log.ts';
import { startFleet, type TestFleet } from '#test/support/fleet-harness.ts';
import { copyDocument } from '#test/support/make-project.ts';
import { judgeMixed, poisonKinds, publishMixed } from '#test/support/mixed-documents.ts';

const records = 4_000;
const poisonEvery = 10;
const stallMsMax = 15_000;

describe('a fleet among poison', () => {
  let fleet: TestFleet;
  before(async () => {
    fleet = await startFleet({ workers: [{}, { roles: ['accumulator', 'poller'] }] });
    await fleet.ready();
  });
  after(() => fleet?.stop());

  it('answers or rejects every record by itself, in all four compressions, and no partition stands still', async () => {
    const { kafka, topicPrefix } = fleet;
    const log = await openKafkaLog({ brokers: kafka.brokers, topicPrefix, clientId: 'test-judge' });
    try {
      const wanted = await publishMixed({
        brokers: kafka.brokers,
        topic: `${topicPrefix}.documents.v1`,
        partitions: log.partitions('documents'),
        records,
        poisonEvery,
        document: index => JSON.stringify({ ...copyDocument(`P${index}`), task: 'copy' }),
      });
      await fleet.waitForResults(records);
      const { succeeded, rejected, wrong, longestStallMs } = await judgeMixed(log, wanted);
      assert.deepEqual(wrong, []);
      assert.equal(succeeded, records - records / poisonEvery);
      const eachKind = records / poisonEvery / poisonKinds.length;
      assert.deepEqual(rejected, Object.fromEntries(poisonKinds.map(({ cause }) => [cause, eachKind])));
      assert.ok(longestStallMs < stallMsMax, `a partition had no answer for ${longestStallMs} ms`);
    } finally {
      await log.close();
    }
    const { verdict, figures, text } = await fleet.audit();
    assert.equal(verdict, 'clean', text);
    assert.equal(figures.deadLettered, records / poisonEvery);
    assert.equal(fleet.invoice().length, records - records / poisonEvery, 'nothing that was rejected was bought');
  });
});
