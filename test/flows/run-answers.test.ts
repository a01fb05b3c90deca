import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { ConfigInput } from '#contracts/config.ts';
import { type Answer, copyDocument, copyTask, makeProject, type Project } from '#test/support/make-project.ts';

type ReusedAnswer = Answer & { reused_from?: string; body?: unknown; cost?: { billed_usd: string } };

const caching = { copy: { ...copyTask, answers: { cache: true, ttlMs: 3_600_000, entriesMax: 500 } } };

/** Every code asked for three times, under names of their own. */
const thrice = (count: number) =>
  Array.from({ length: 3 * count }, (_, index) => {
    return { ...copyDocument(`code-${index % count}`), custom_id: `d${index}` };
  });

async function ran(project: Project, ...args: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await project.flotilla(['run', '--json', ...args]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
}

async function stats(project: Project): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await project.flotilla(['cache', 'stats', '--json']);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
}

describe('answers that are given again', { concurrency: true }, () => {
  it('are bought once in one file, and not at all by a later one, also without the cache of places', async test => {
    const project = makeProject(test, { tasks: caching as ConfigInput['tasks'] });
    project.writeDocuments(thrice(20));
    const first = await ran(project, 'documents.jsonl', '--task', 'copy');
    assert.equal(project.invoice().length, 20);
    assert.deepEqual([first.succeeded, first.deadLettered], [60, 0]);
    const answers = project.answers() as ReusedAnswer[];
    const byRid = new Map(answers.map(answer => [answer.rid, answer]));
    for (const answer of answers) {
      assert.equal(answer.output?.code, `code-${Number(answer.custom_id?.slice(1)) % 20}`);
      if (answer.reused_from === undefined) continue;
      assert.deepEqual(answer.body, byRid.get(answer.reused_from)?.body);
      assert.equal(answer.cost?.billed_usd, '0.00');
    }
    assert.equal(answers.filter(({ reused_from: from }) => from !== undefined).length, 40);

    writeFileSync(
      project.path('later.jsonl'),
      thrice(20)
        .map(line => JSON.stringify({ ...line, metadata: 1 }))
        .join('\n'),
    );
    const later = await ran(project, 'later.jsonl', '--task', 'copy', '--out', 'later-answers.jsonl');
    assert.deepEqual([later.succeeded, later.costUsd], [60, '0.00']);
    assert.equal(project.invoice().length, 20);
    const { time_saved_estimate_seconds: seconds, cost_saved_usd: saved, ...counted } = await stats(project);
    assert.deepEqual(counted, {
      size: 20,
      max_size: 500,
      hits: 100,
      misses: 20,
      hit_rate_percent: 83.33,
      ttl_seconds: 3_600,
      requests_saved: 100,
    });
    assert.ok(Number(seconds) >= 0 && Number(saved) > 0);
    const audit = await project.flotilla(['audit', '--json']);
    const { verdict, answered, reused, boughtTwice } = JSON.parse(audit.stdout) as Record<string, unknown>;
    assert.deepEqual([verdict, answered, reused, boughtTwice], ['clean', 120, 100, 0]);

    // A cache: without it the next run buys, and loses nothing.
    for (const end of ['', '-wal', '-shm'])
      rmSync(project.path(`.flotilla/simulated/answers.db${end}`), { force: true });
    writeFileSync(project.path('third.jsonl'), JSON.stringify({ ...copyDocument('code-1'), custom_id: 'again' }));
    await ran(project, 'third.jsonl', '--task', 'copy', '--out', 'third-answers.jsonl');
    assert.equal(project.invoice().length, 21);
  });

  it('are not, where the task does not say so', async test => {
    const project = makeProject(test);
    project.writeDocuments(thrice(5));
    await ran(project, 'documents.jsonl', '--task', 'copy');
    assert.equal(project.invoice().length, 15);
    const { stdout } = await project.flotilla(['cache', 'stats']);
    assert.match(stdout, /no task gives answers again/);
    assert.equal((await stats(project)).hits, 0);
  });
});
