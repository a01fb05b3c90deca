import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isClean } from '#test/support/audit-run.ts';
import { makeChaosRun } from './chaos-run.ts';

/** As long as the send deadline: what thaws must not send on the strength of what it knew before. */
const frozenMs = 5_500;

describe('flotilla run, frozen and thawed', { concurrency: 2 }, () => {
  const points = [
    'view.log.append(INTENT)·after:3',
    'provider.create·before:3',
    'provider.create·after:2',
    'poller.log.fence.commit·before:3',
  ];
  for (const point of points) {
    it(`survives 5.5 s at ${point}`, async () => {
      const project = await makeChaosRun({ in: 1_000 });
      try {
        const child = await project.startFrozen('in', point);
        await sleep(frozenMs);
        child.signal('SIGCONT');
        const { code, stderr } = await child.ended;
        assert.equal(code, 0, stderr);
        const audit = await project.audit('in');
        assert.ok(isClean(audit), audit.examples.join('\n'));
      } finally {
        await project.remove();
      }
    });
  }

  it('survives freezes at any moment', async () => {
    const project = await makeChaosRun({ in: 4_000 });
    try {
      const child = project.start('in');
      await project.waitForAnswers('in-answers');
      for (let freeze = 0; freeze < 2; freeze++) {
        child.signal('SIGSTOP');
        await sleep(frozenMs);
        child.signal('SIGCONT');
        await sleep(300);
      }
      const { code, stderr } = await child.ended;
      assert.equal(code, 0, stderr);
      const audit = await project.audit('in');
      assert.ok(isClean(audit), audit.examples.join('\n'));
    } finally {
      await project.remove();
    }
  });
});
