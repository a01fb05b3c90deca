import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isClean } from '#test/support/audit-run.ts';
import { waitUntil } from '#test/support/wait-until.ts';
import { makeChaosRun } from './chaos-run.ts';

/** As long as the send deadline: what thaws must not send on the strength of what it knew before. */
const frozenMs = 5_500;

describe('flotilla run, frozen and thawed', { concurrency: 3 }, () => {
  for (const label of ['view.log.append(INTENT)·after', 'provider.create·before', 'poller.log.fence·after']) {
    it(`survives 5.5 s at ${label}`, async () => {
      const project = await makeChaosRun({ in: 1_000 });
      try {
        const points = join(project.folder, 'crash-points');
        const env = { FREEZE_AT: `${label}:3`, CRASH_POINTS_FILE: points };
        const child = project.start('in', { env });
        const isThere = (): boolean => existsSync(points) && readFileSync(points, 'utf8').includes(`${label}:3\n`);
        await waitUntil(`${label} passed`, isThere);
        await sleep(frozenMs);
        child.signal('SIGCONT');
        const { code, stderr } = await child.ended;
        assert.equal(code, 0, stderr);
        const audit = await project.audit('in');
        assert.ok(isClean(audit), audit.examples.join('\n'));
      } finally {
        project.remove();
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
      project.remove();
    }
  });
});
