import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { systemClock } from '#adapters/system/system-clock.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Log } from '#ports/log.ts';
import { TestFleet, taskLine } from '#test/support/test-fleet.ts';
import type { InputRecord } from '../input/read-input.ts';
import { type PublishOptions, publishFile } from './publish-file.ts';

function setup({ lines = 10, ...more }: Partial<PublishOptions> & { lines?: number } = {}) {
  const fleet = new TestFleet({ documentPartitions: 3 });
  const records = linesOf(lines);
  const bare = { headers: { 'flotilla-task': 'summarise' }, keyFrom: 'custom_id', onceAs: null } as const;
  const { signal } = new AbortController();
  const log = fleet.cluster.connect();
  const options: PublishOptions = { log, clock: systemClock, records, signal, ...bare, ...more };
  const committed = () => [0, 1, 2].flatMap(partition => fleet.cluster.committed('documents', partition));
  return { options, committed };
}

async function* linesOf(count: number): AsyncGenerator<InputRecord> {
  for (let line = 1; line <= count; line++) {
    const value = Buffer.from(taskLine(`d${line}`));
    yield { value, headers: {}, line, bytes: value.length };
  }
}

describe('publishFile', () => {
  it('counts what is in the log, by partition', async () => {
    const { options, committed } = setup({ lines: 9_000 });
    const { published, partitions, isInterrupted } = await publishFile(options);
    assert.deepEqual([published, isInterrupted, committed().length], [9_000, false, 9_000]);
    assert.equal(
      Object.values(partitions).reduce((sum, count) => sum + count),
      9_000,
    );
    assert.equal(new Set(committed().map(({ key }) => key)).size, 9_000);
    assert.deepEqual(committed()[0]?.headers, { 'flotilla-task': 'summarise' });
  });

  it('leaves the key out when told so, and gives each line one to be bought once by', async () => {
    const { options, committed } = setup({ keyFrom: 'none', onceAs: 'produce.r_1' });
    await publishFile(options);
    assert.deepEqual([...new Set(committed().map(({ key }) => key))], [null]);
    const keys = committed().map(({ headers }) => headers['idempotency-key']);
    assert.deepEqual(keys.sort(), Array.from({ length: 10 }, (_, index) => `produce.r_1.${index + 1}`).sort());
  });

  it('stops reading when interrupted, and still counts what it has sent', async () => {
    const stopping = new AbortController();
    const onProgress = (published: number): void => void (published > 0 && stopping.abort());
    const { options, committed } = setup({ lines: 20_000, signal: stopping.signal, onProgress });
    const { published, isInterrupted } = await publishFile(options);
    assert.ok(isInterrupted && published > 0 && published < 20_000);
    assert.equal(committed().length, published);
  });

  it('fails with the log, once nothing more is under way', async () => {
    const { options } = setup({ lines: 20_000 });
    let appends = 0;
    const append: Log['append'] = async write => {
      appends += 1;
      if (appends > 4) throw new FlotillaError('log-unavailable');
      return options.log.append(write);
    };
    const log = new Proxy(options.log, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        return name === 'append' ? append : typeof member === 'function' ? member.bind(target) : member;
      },
    });
    await assert.rejects(publishFile({ ...options, log }), { code: 'log-unavailable' });
  });
});
