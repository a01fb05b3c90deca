import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { WorkQueue } from '#ports/work-queue.ts';
import { createRecordingTelemetry } from '#test/support/recording-telemetry.ts';
import { hintsOnly } from './hints-only.ts';

function setup(error: Error) {
  const now = { isAway: true };
  const act = async (): Promise<void> => {
    if (now.isAway) throw error;
  };
  const bare: WorkQueue = {
    add: act,
    done: act,
    postpone: act,
    take: async () => [],
    depths: () => Promise.reject(error),
  };
  const telemetry = createRecordingTelemetry();
  return { now, telemetry, queue: hintsOnly(bare, telemetry) };
}

const away = new FlotillaError('queue-unavailable', { where: 'redis', isRetryable: true });

describe('hintsOnly', () => {
  it('drops what an absent queue cannot take, and says so once until it is back', async () => {
    const { now, telemetry, queue } = setup(away);
    const tell = async (): Promise<void> => {
      await queue.add({ queue: 'submit', id: 'b' });
      await queue.done('submit', 'b');
      await queue.postpone('submit', 'b', 1);
    };
    await tell();
    now.isAway = false;
    await tell();
    now.isAway = true;
    await tell();
    assert.deepEqual(
      telemetry.notes.map(({ event }) => event),
      ['hints-dropped', 'hints-dropped'],
    );
  });

  it('hides nothing else, and no answer to a question', async () => {
    await assert.rejects(setup(new TypeError('a bug')).queue.add({ queue: 'submit', id: 'b' }), TypeError);
    await assert.rejects(setup(away).queue.depths(), away);
  });
});
