import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { roleNames } from '#contracts/roles.ts';
import { type StartFleetOptions, startFleet, type TestFleet } from '#test/support/fleet-harness.ts';
import { copyDocument } from '#test/support/make-project.ts';
import { type KafkaService, startKafka } from '#test/support/services/start-kafka.ts';
import { type RedisService, startRedis } from '#test/support/services/start-redis.ts';
import { waitUntil } from '#test/support/wait-until.ts';

let kafka: KafkaService;
let redis: RedisService;
before(async () => {
  [kafka, redis] = await Promise.all([startKafka(), startRedis()]);
});
after(async () => {
  await Promise.all([kafka?.stop(), redis?.stop()]);
});

async function setup(test: TestContext, options: StartFleetOptions): Promise<TestFleet> {
  const fleet = await startFleet({ kafka, redis, ...options });
  test.after(() => fleet.stop());
  await fleet.ready();
  return fleet;
}

const documents = (count: number, series = 'D'): object[] =>
  Array.from({ length: count }, (_, index) => ({ ...copyDocument(`${series}${index}`), task: 'copy' }));

/** Exactly one answer for each, its own, bought once. */
async function assertAnswered(fleet: TestFleet, count: number): Promise<void> {
  const answers = await fleet.waitForResults(count);
  const { verdict, figures } = await fleet.audit();
  const faults = ['lost', 'duplicated', 'boughtTwice', 'unaccounted', 'pending'].map(name => figures[name]);
  assert.deepEqual([verdict, figures.documents, ...faults], ['clean', count, 0, 0, 0, 0, 0]);
  const strange = answers.filter(
    ({ key, outcome, text }) => outcome !== 'succeeded' || !text.includes(`"code":"${key}"`),
  );
  // No header named the document: its own name is the key of its answer.
  assert.deepEqual(strange.map(({ text }) => text).slice(0, 3), []);
}

describe('flotilla worker', () => {
  it('one process for each role answers what kcat has published', async test => {
    const fleet = await setup(test, { workers: roleNames.map(role => ({ roles: [role] })) });
    await fleet.publish(documents(1_000));
    await assertAnswered(fleet, 1_000);
    const status = JSON.parse((await fleet.flotilla(['status', '--json'])).stdout);
    const { costUsd, ...counts } = status.withoutRun;
    assert.deepEqual(counts, { succeeded: 1_000, deadLettered: 0, unpricedBatches: 0 });
    assert.ok(Number(costUsd) > 0, costUsd);
    assert.equal(status.workers.length, 4);
    const texts = await Promise.all(
      fleet.workers.map(async worker => (await fetch(`${await worker.url()}/metrics`)).text()),
    );
    const created = texts.map(text => Number(/flotilla_creates_total\{outcome="created"\} (\d+)/.exec(text)?.[1] ?? 0));
    assert.deepEqual(created, [0, 20, 0, 0]);
  });

  it('two processes with all roles share the work, and one that is killed in the middle loses nothing', async test => {
    const fleet = await setup(test, {
      workers: [{}, {}],
      simulator: { latency: { minMs: 500_000, maxMs: 1_500_000 } },
    });
    await fleet.publish(documents(1_500));
    await fleet.waitForResults(200);
    await fleet.workers[0]?.kill('SIGKILL');
    await fleet.waitForResults(700);
    fleet.workers[0]?.respawn();
    await assertAnswered(fleet, 1_500);
  });

  it('hands over when it is told to stop: nothing half-empty is sent, and another one goes on', async test => {
    // No lane closes by itself while this lasts.
    const lane = { items: 100, ageMs: 600_000 };
    const copy = { model: 'claude-haiku-5-5', instructions: 'Do what the document says.', maxTokens: 100 };
    const fleet = await setup(test, { workers: [{}], config: { tasks: { copy: { ...copy, lane } } } });
    const worker = fleet.workers[0];
    assert.ok(worker);
    await fleet.publish(documents(130));
    await fleet.waitForResults(100);
    const openDocuments = async (): Promise<number> =>
      Number(/flotilla_lane_documents (\d+)/.exec(await (await fetch(`${await worker.url()}/metrics`)).text())?.[1]);
    await waitUntil('30 documents wait in a lane', async () => (await openDocuments()) === 30);
    const askedOn = performance.now();
    const ended = await worker.kill('SIGTERM');
    assert.ok(performance.now() - askedOn < 10_000);
    assert.equal(ended.code, 143);
    assert.match(ended.stderr, /handed over: 1 open lane with 30 documents; nothing under way/);
    assert.equal((await fleet.reader.answers()).length, 100);
    const next = fleet.add({});
    await next.ready();
    assert.match(next.written().stdout, /"snapshot-read"/);
    await fleet.publish(documents(70, 'E'));
    const answers = await fleet.waitForResults(200);
    assert.equal(answers.length, 200);
    assert.equal((await fleet.audit()).verdict, 'clean');
    assert.equal(fleet.simulator.machine.faults.counts()['batch-foreign'] ?? 0, 0);
    assert.equal(new Set(fleet.invoice().map(({ batchId }) => batchId)).size, 2);
  });

  it('creates nothing with the key of another owner, and says so', async test => {
    const fleet = await setup(test, { workers: [{}] });
    await fleet.publish(documents(50));
    await fleet.waitForResults(50);
    const strange = fleet.add({ env: { ANTHROPIC_API_KEY: 'sk-ant-other-1' } });
    const url = await strange.url();
    let said = '';
    await waitUntil('it says that its owner is another one', async () => {
      said = await (await fetch(`${url}/readyz`)).text();
      return said.includes('belongs to another owner');
    });
    assert.equal((await fetch(`${url}/readyz`)).status, 503);
    await fleet.workers[0]?.kill('SIGTERM');
    await fleet.publish(documents(50, 'E'));
    await waitUntil('it has sealed a batch', () => /"batch-parked".*owner-mismatch/.test(strange.written().stdout));
    assert.equal(new Set(fleet.invoice().map(({ batchId }) => batchId)).size, 1);
    fleet.workers[0]?.respawn();
    await assertAnswered(fleet, 100);
  });

  it('ends at once when it is told twice', async test => {
    const fleet = await setup(test, { workers: [{ roles: ['sweeper'] }] });
    const worker = fleet.workers[0];
    const ending = worker?.kill('SIGTERM');
    void worker?.kill('SIGTERM');
    assert.equal((await ending)?.code, 143);
  });

  it('says which of its servers cannot be reached, and serves health meanwhile', async test => {
    const fleet = await startFleet({ kafka, redis, workers: [{ env: { FLOTILLA_KAFKA_BROKERS: '127.0.0.1:1' } }] });
    test.after(() => fleet.stop());
    const lost = fleet.workers[0];
    assert.ok(lost);
    const url = await lost.url();
    let said = '';
    await waitUntil('it says that Kafka is away', async () => {
      const response = await fetch(`${url}/readyz`);
      assert.equal(response.status, 503);
      said = await response.text();
      return said.includes('127.0.0.1:1');
    });
    assert.match(said, /log unavailable/);
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
    assert.equal((await lost.kill('SIGTERM')).code, 143);
  });

  it('says so of a provider that it cannot reach, also when it does nothing but look', async test => {
    const env = { ANTHROPIC_BASE_URL: 'http://127.0.0.1:1' };
    const fleet = await setup(test, { workers: [{ roles: ['poller'], env }] });
    const url = await fleet.workers[0]!.url();
    let said = '';
    await waitUntil('it says that the provider is away', async () => {
      said = await (await fetch(`${url}/readyz`)).text();
      return said.includes('lists in a row failed');
    });
    assert.match(
      said,
      /"provider anthropic","isOk":false,"found":"http:\/\/127\.0\.0\.1:1: \d+ lists in a row failed: /,
    );
    assert.equal((await fetch(`${url}/readyz`)).status, 503);
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
  });

  it('refuses at once what no waiting mends', async test => {
    const fleet = await startFleet({
      kafka,
      redis,
      workers: [{ env: { ANTHROPIC_API_KEY: '' } }],
    });
    test.after(() => fleet.stop());
    const ended = await fleet.workers[0]?.ended();
    assert.equal(ended?.code, 2);
    assert.match(ended?.stderr ?? '', /a fleet needs a key/);
    assert.equal((await fleet.flotilla(['worker', '--roles', 'sweper'])).code, 2);
  });
});
