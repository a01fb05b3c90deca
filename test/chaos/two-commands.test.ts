import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isClean } from '#test/support/audit-run.ts';
import { type ChaosRun, makeChaosRun } from './chaos-run.ts';

async function withProject(files: Record<string, number>, test: (project: ChaosRun) => Promise<void>): Promise<void> {
  const project = await makeChaosRun(files);
  try {
    await test(project);
  } finally {
    await project.remove();
  }
}

async function assertClean(project: ChaosRun, name: string, out?: string): Promise<void> {
  const audit = await project.audit(name, out);
  assert.ok(isClean(audit), audit.examples.join('\n'));
}

function assertDone({ code, stderr }: { code: number | null; stderr: string }): void {
  assert.equal(code, 0, stderr);
}

describe('two flotilla run at once', { concurrency: 4 }, () => {
  it('of the same file write it once, and both end when it is answered', () =>
    withProject({ in: 2_000 }, async project => {
      const both = [project.start('in'), project.start('in')];
      for (const { ended } of both) assertDone(await ended);
      await assertClean(project, 'in');
    }));

  it('of the same file: the attached one becomes the engine when the engine is killed', () =>
    withProject({ in: 4_000 }, async project => {
      const engine = project.start('in');
      await project.waitForAnswers('in-answers');
      const attached = project.start('in', { out: 'second' });
      await project.waitForAnswers('second');
      engine.signal('SIGKILL');
      await engine.ended;
      assertDone(await attached.ended);
      await assertClean(project, 'in', 'second');
    }));

  it('of the same file into the same answers: killing the one that writes leaves the other to finish them', () =>
    withProject({ in: 4_000 }, async project => {
      const first = project.start('in');
      const second = project.start('in');
      await project.waitForAnswers('in-answers');
      first.signal('SIGKILL');
      await first.ended;
      assertDone(await second.ended);
      await assertClean(project, 'in');
    }));

  it('of two files share the engine, and each has its own answers', () =>
    withProject({ a: 1_500, b: 2_500 }, async project => {
      const both = [project.start('a'), project.start('b')];
      for (const { ended } of both) assertDone(await ended);
      await assertClean(project, 'a');
      await assertClean(project, 'b');
    }));

  it('of two files: when the one with the engine is done, the other goes on', () =>
    withProject({ a: 300, b: 3_000 }, async project => {
      const short = project.start('a');
      await project.waitForAnswers('a-answers');
      const long = project.start('b');
      assertDone(await short.ended);
      assertDone(await long.ended);
      await assertClean(project, 'a');
      await assertClean(project, 'b');
    }));

  it('of two files into the same answers: the second is refused instead of mixing them', () =>
    withProject({ a: 1_500, b: 1_500 }, async project => {
      // Frozen where it writes nothing, so that it cannot be done before the second begins.
      const first = await project.startFrozen('a', 'provider.create·before:1', { out: 'answers' });
      const refused = await project.start('b', { out: 'answers' }).ended;
      first.signal('SIGCONT');
      assert.equal(refused.code, 2, refused.stderr);
      assertDone(await first.ended);
      await assertClean(project, 'a', 'answers');
    }));
});
