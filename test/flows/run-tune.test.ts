import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TuneVerdict } from '#core/cost-report/tune.ts';
import { makeProject, type Project } from '#test/support/make-project.ts';

interface TuneJson {
  tasks: { task: string; answers: number; cut: number; proposal: TuneVerdict; quantiles: { longest: number } | null }[];
}

const quick = { delaysMs: [50], jitter: 0 };
const ask = { model: 'claude-haiku-5-5', instructions: 'Say how long it is.', retry: quick };

async function tuned(project: Project): Promise<TuneJson['tasks']> {
  const { code, stdout, stderr } = await project.flotilla(['tune', '--json']);
  assert.equal(code, 0, stderr);
  return (JSON.parse(stdout) as TuneJson).tasks;
}

const documents = Array.from({ length: 300 }, (_, index) => {
  return { custom_id: `d-${index}`, task: 'count', content: 'word '.repeat(1 + (index % 40)) };
});

describe('flotilla tune', { concurrency: true }, () => {
  it('proposes what is enough: with it, nothing is cut', async test => {
    const project = makeProject(test, { tasks: { count: { ...ask, maxTokens: 1_000 } } });
    project.writeDocuments(documents);
    assert.equal((await project.run()).code, 0);
    const count = (await tuned(project)).find(({ task }) => task === 'count');
    assert.ok(count?.proposal.is === 'proposed' && count.proposal.maxTokens < 200, JSON.stringify(count));
    assert.deepEqual([count.answers, count.cut], [300, 0]);

    const again = makeProject(test, { tasks: { count: { ...ask, maxTokens: count.proposal.maxTokens } } });
    again.writeDocuments(documents);
    assert.equal((await again.run()).code, 0);
    const cut = again.answers().filter(answer => 'raised_max_tokens' in answer);
    assert.ok(cut.length <= 3, `${cut.length}`);
  });

  it('knows the length of what was cut from its second try, and says when the cap is too low', async test => {
    const project = makeProject(test, { tasks: { count: { ...ask, maxTokens: 22 }, short: { ...ask, maxTokens: 5 } } });
    const short = documents.map(({ custom_id, content }) => ({ custom_id: `s-${custom_id}`, task: 'short', content }));
    project.writeDocuments([...documents, ...short]);
    await project.run('--allow-failures', '100%');
    const raised = project.answers().filter(answer => 'raised_max_tokens' in answer && answer.outcome === 'succeeded');
    assert.ok(raised.length > 0, 'none was cut and then whole');
    const tasks = await tuned(project);
    const [count, low] = ['count', 'short'].map(name => tasks.find(({ task }) => task === name));
    assert.ok((count?.quantiles?.longest ?? 0) > 22);
    assert.deepEqual([low?.proposal.is, low?.cut], ['beyond', 300]);
    const { stdout } = await project.flotilla(['tune']);
    assert.match(stdout, /maxTokens 5 is too low: try \d+ or more/);
  });
});
