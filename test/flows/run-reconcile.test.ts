import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createAnthropicUsageReport } from '#adapters/anthropic/create-anthropic-usage-report.ts';
import { openSqliteLog } from '#adapters/sqlite/open-sqlite-log.ts';
import { accountMoney, fleetMoney } from '#core/caps/cap-scopes.ts';
import { decimalDollars, parseDollars } from '#core/money.ts';
import { reconcile } from '#runtime/reconcile.ts';
import { ViewFollower } from '#runtime/view-follower.ts';
import { startSimulator } from '#services/simulator/service.ts';
import { billOf } from '#test/support/bill-of.ts';
import { makeProject } from '#test/support/make-project.ts';

/** An answer takes more than the code, and of some documents the provider counts it under another place. */
const documents = Array.from({ length: 120 }, (_, number) => ({
  custom_id: `d${number}`,
  params: {
    model: 'claude-sonnet-5-5',
    max_tokens: 60,
    ...(number % 3 === 0 ? { inference_geo: 'us' } : {}),
    messages: [{ role: 'user', content: `Say what harbour number ${number} is for. `.repeat(1 + (number % 7)) }],
  },
}));
const [account, adminKey] = ['anthropic', 'sk-ant-admin01-flows'];

describe('flotilla reconcile', () => {
  it('makes the books the bill, lines that were lost included, over the wire', async test => {
    const simulator = await startSimulator({
      timeScale: 4_000,
      latency: { minMs: 0, maxMs: 300_000 },
      faults: { 'results-lose-lines': { calls: [1, 3] } },
    });
    test.after(() => simulator.close());
    const env = {
      ANTHROPIC_API_KEY: 'sk-ant-api03-flows',
      ANTHROPIC_BASE_URL: simulator.baseUrl,
      FLOTILLA_TIME_SCALE: '4000',
    };
    const project = makeProject(test, { lane: { items: 20 } });
    project.writeDocuments(documents);
    const ended = await project.flotilla(['run', 'documents.jsonl', '--json'], { env });
    assert.equal(ended.code, 0, ended.stderr);
    const bill = billOf([simulator.invoice({ limit: 0 }).totals]);

    const before = await project.flotilla(['cost'], { env });
    assert.match(before.stdout, /billed and never shown: unknown, up to \$ [\d.]+ booked at worst case/);

    // As if it were asked when clocks that differ, and a report that is late, no longer matter.
    const now = (): number => Date.now() + 600_000;
    const log = openSqliteLog({ directory: join(project.folder, '.flotilla'), now });
    test.after(() => log.close());
    const usedIn = async (scope: string): Promise<number | undefined> => {
      const follower = new ViewFollower(log);
      await follower.catchUpAll();
      return follower.view.used.get(`${scope}|total`);
    };
    const booked = (await usedIn(accountMoney(account))) ?? 0;
    assert.ok(booked > bill, 'lost lines stand at their worst case');
    const compare = () =>
      reconcile({
        log,
        clock: { now },
        report: createAnthropicUsageReport({ adminKey, baseUrl: simulator.baseUrl }),
        account,
        apiKeyIds: [],
        skewMs: 120_000,
        reportedWithinMs: 0,
      });
    const [first, second] = [await compare(), await compare()];
    assert.deepEqual([first.is, second.is], ['adjusted', 'known']);
    for (const scope of [accountMoney(account), fleetMoney]) assert.equal(await usedIn(scope), bill);

    const after = await project.flotilla(['cost', '--json'], { env });
    const { neverShown, total } = JSON.parse(after.stdout) as {
      neverShown: { billedUsd: string; bookedUsd: string };
      total: { billedUsd: string };
    };
    const shown = parseDollars(total.billedUsd) ?? Number.NaN;
    assert.equal(neverShown.billedUsd, decimalDollars(bill - shown));
    assert.equal(neverShown.bookedUsd, decimalDollars(booked - shown));
  });

  it('wants an admin key, and says what it looks for', async test => {
    const project = makeProject(test);
    const env = { ANTHROPIC_API_KEY: 'sk-ant-api03-flows', ANTHROPIC_BASE_URL: 'http://127.0.0.1:9' };
    await openSqliteLog({ directory: join(project.folder, '.flotilla') }).close();
    const without = await project.flotilla(['reconcile'], { env });
    assert.equal(without.code, 2, without.stderr);
    assert.match(without.stderr, /export ANTHROPIC_ADMIN_KEY, or ANTHROPIC_ADMIN_KEY_FILE/);
    const asked = await project.flotilla(['reconcile', '--json'], { env: { ...env, ANTHROPIC_ADMIN_KEY: adminKey } });
    assert.deepEqual([asked.code, JSON.parse(asked.stdout)], [0, { is: 'nothing-bought' }]);
  });

  it('where answers are simulated, asks the invoice that lies beside them', async test => {
    const project = makeProject(test);
    project.writeDocuments(documents.slice(0, 3));
    await project.flotilla(['run', 'documents.jsonl']);
    const ended = await project.flotilla(['reconcile', '--json']);
    // Clocks may differ by two minutes, so the run of a moment ago is too near.
    assert.deepEqual([ended.code, JSON.parse(ended.stdout)], [4, { is: 'not-quiet' }]);
  });
});
