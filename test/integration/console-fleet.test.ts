import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startFleet, type TestFleet } from '#test/support/fleet-harness.ts';
import { copyDocument } from '#test/support/make-project.ts';
import { openBrowser, openPage, screenshotFolder } from '#test/support/open-browser.ts';
import { openQueue } from '#test/support/services/open-queue.ts';
import { runFlotilla } from '#test/support/spawn-flotilla.ts';
import { startTestConsole } from '#test/support/start-console.ts';
import { waitUntil } from '#test/support/wait-until.ts';

const token = 'a-token-for-this-test';

describe('the console of a fleet', () => {
  let fleet: TestFleet;

  before(async () => {
    fleet = await startFleet({
      workers: [{ roles: ['accumulator', 'sweeper'] }, { roles: ['submitter', 'poller'] }],
      redis: { isOwn: true },
      simulator: { faults: { 'item-refusal': { probability: 0.03 } } },
    });
    await fleet.ready();
  });
  after(() => fleet?.stop());

  it('shows what the audit counts, who works, and goes on after kill -9', async t => {
    const first = await startTestConsole(t, { cwd: fleet.folder, env: fleet.env });
    await fleet.publish(Array.from({ length: 150 }, (_, n) => ({ ...copyDocument(`one-${n}`), task: 'copy' })));
    await waitUntil('it has read some', async () => ((await first.overview()).documents?.read ?? 0) > 0);
    first.process.signal('SIGKILL');
    await first.process.ended;
    const more = Array.from({ length: 150 }, (_, n) => ({ ...copyDocument(`two-${n}`), task: 'copy' }));
    await fleet.publish([...more, 'no json', '{"custom_id":"x","task":"none","content":"y"}']);
    await fleet.waitForResults(302);
    const second = await startTestConsole(t, { cwd: fleet.folder, env: fleet.env });
    await waitUntil('it has read all', async () => {
      const { state, documents, batches } = await second.overview();
      return state === 'live' && documents?.read === 302 && batches?.open === 0;
    });
    const { documents, deadLetters, workers, lanes, source, intake } = await second.overview();
    const { figures } = await fleet.audit();
    assert.deepEqual(
      [documents?.read, documents?.succeeded, documents?.dead, documents?.copies],
      [figures.documents, figures.answered, figures.deadLettered, 0],
    );
    assert.equal(
      deadLetters?.causes.reduce((sum, { count }) => sum + count, 0),
      figures.deadLettered,
    );
    assert.equal(intake?.unsealed, 0);
    assert.equal(source.simulated, true);
    await waitUntil('both workers were heard of', async () => (await second.overview()).workers.shown?.length === 2);
    assert.equal(workers.isKnown && lanes.isKnown, true);
    const stepsOf = async (name: string): Promise<string> => {
      const found = await (await fetch(`${second.url}/api/documents?name=${name}`)).json();
      const [document] = (found as { documents: { steps: { text: string }[] }[] }).documents;
      return document?.steps.map(({ text }) => text).join('\n') ?? '';
    };
    // Three in a hundred are refused, whichever.
    const told = await Promise.all(Array.from({ length: 10 }, (_, n) => stepsOf(`two-${n}`)));
    assert.match(
      told.find(steps => !steps.includes('answered: refused')) ?? '',
      /^appended .*\nsealed into batch .*\ncreate sent\ncreated at the provider as .*\nbatch .* settled\nanswered: succeeded/s,
    );
  });

  it('has bull-board over its queues, read-only, behind the token, with nothing from elsewhere', async t => {
    const env = { ...fleet.env, FLOTILLA_CONSOLE_TOKEN: token };
    const console = await startTestConsole(t, { cwd: fleet.folder, env });
    for (const path of ['/queues', '/queues/api/queues', '/queues/static/js/main.js']) {
      assert.equal((await fetch(console.url + path)).status, 401, path);
    }
    const headers = { authorization: `Bearer ${token}` };
    const listed = (await (await fetch(`${console.url}/queues/api/queues`, { headers })).json()) as {
      queues: { name: string; readOnlyMode: boolean }[];
    };
    assert.deepEqual(
      listed.queues.map(({ name, readOnlyMode }) => [name, readOnlyMode]),
      ['submit', 'submit-anthropic', 'collect', 'collect-anthropic', 'retry'].map(name => [name, true]),
    );
    const { queue, close } = await openQueue({
      url: fleet.redis.url,
      prefix: fleet.topicPrefix,
      accounts: ['anthropic'],
    });
    await queue.add({ queue: 'submit', id: 'aaaaaaaaaaaa', account: 'anthropic', delayMs: 3_600_000 });
    await close();
    const jobs = await fetch(`${console.url}/queues/api/queues?activeQueue=submit-anthropic&status=delayed`, {
      headers,
    });
    const { queues } = (await jobs.json()) as { queues: { name: string; jobs: { id: string; data: unknown }[] }[] };
    assert.deepEqual(
      queues.find(({ name }) => name === 'submit-anthropic')?.jobs.map(({ id, data }) => [id, data]),
      [['batch-aaaaaaaaaaaa', {}]],
      'a job is an id, and nothing else',
    );
    for (const action of ['pause', 'empty', 'obliterate', 'retry/failed', 'clean/completed', 'promote']) {
      const reply = await fetch(`${console.url}/queues/api/queues/submit/${action}`, { method: 'PUT', headers });
      assert.equal(reply.status, 405, action);
    }
    const credentials = { username: 'me', password: token };
    const { page, troubles } = await openPage(await openBrowser(t), `${console.url}/queues`, { credentials });
    await page.getByText('Flotilla queues').first().waitFor();
    await page.getByText('anthropic').first().waitFor();
    await sleep(1_000); // what it loads late
    await page.screenshot({ path: join(screenshotFolder(t), 'queues.png') });
    assert.deepEqual(troubles, []);
  });

  it('says that workers are unknown while Redis is away, and knows them again when it is back', async t => {
    const console = await startTestConsole(t, { cwd: fleet.folder, env: fleet.env });
    await waitUntil('they were heard of', async () => (await console.overview()).workers.shown?.length === 2);
    await fleet.redis.kill();
    await waitUntil('they are unknown', async () => {
      const { workers, lanes, state, documents } = await console.overview();
      return !workers.isKnown && !lanes.isKnown && state === 'live' && documents?.read === 302;
    });
    await fleet.redis.restart();
    await waitUntil('they are heard of again', async () => (await console.overview()).workers.shown?.length === 2);
  });

  it('does not begin without a token on an address that others reach', async () => {
    const { code, stderr } = await runFlotilla({
      args: ['console', '--host', '0.0.0.0', '--port', '0'],
      cwd: fleet.folder,
      env: fleet.env,
    });
    assert.equal(code, 2);
    assert.match(stderr, /console\.token/);
  });
});
