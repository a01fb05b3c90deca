import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Position } from '#ports/log.ts';
import { type LogUnderTest, markEnd, newRecord, readUntil } from './log-fixture.ts';

const topic = 'documents';

export function describePositions(get: () => LogUnderTest): void {
  describe('positions', () => {
    it('are null until one is committed, and then what was said last, by whichever process', async () => {
      const { log, other } = get();
      assert.equal(await log.position('first', topic, 0), null);
      await log.commitPosition({ group: 'first', topic, partition: 0, offset: 3 });
      await other.commitPosition({ group: 'first', topic, partition: 0, offset: 5 });
      assert.equal((await log.position('first', topic, 0))?.offset, 5);
    });

    it('belong to a group, a topic and a partition', async () => {
      const { log } = get();
      const positions: Position[] = [
        { group: 'second', topic: 'settled', partition: 0, offset: 1 },
        { group: 'second', topic: 'settled', partition: 1, offset: 2 },
        { group: 'second', topic: 'results', partition: 0, offset: 3 },
        { group: 'third', topic: 'settled', partition: 0, offset: 4 },
      ];
      for (const position of positions) await log.commitPosition(position);
      for (const { group, topic, partition, offset } of positions) {
        assert.equal((await log.position(group, topic, partition))?.offset, offset);
      }
    });

    it('keep their metadata', async () => {
      const { log, other } = get();
      const position = { group: 'fourth', topic, partition: 0, offset: 9, metadata: '{"run":"ü","line":3}' } as const;
      await log.commitPosition(position);
      assert.deepEqual({ ...(await other.position('fourth', topic, 0)) }, position);
    });

    it('are committed in the same step as the append that carries them', async () => {
      const { log, other } = get();
      const mark = await markEnd(log, topic);
      const positions = [
        { group: 'fifth', topic, partition: 0, offset: 11, metadata: 'line 11' },
        { group: 'sixth', topic, partition: 0, offset: 12 },
      ] as const;
      await log.append({ topic, partition: 0, records: [newRecord('with positions')], positions });
      assert.equal((await readUntil(other, mark, all => all.length > 0)).length, 1);
      assert.equal((await other.position('fifth', topic, 0))?.metadata, 'line 11');
      assert.equal((await other.position('sixth', topic, 0))?.offset, 12);
    });
  });

  describe('assigned', () => {
    it('gives every partition to a process that is alone in its group', async () => {
      const { log } = get();
      const partitions = Array.from({ length: log.partitions('settled') }, (_, partition) => partition);
      assert.ok(partitions.length >= 2);
      for (let tries = 0; tries < 300; tries++) {
        const assigned = await log.assigned('alone', 'settled');
        const mine = assigned.map(({ partition }) => partition).toSorted((left, right) => left - right);
        if (mine.length === partitions.length) return assert.deepEqual(mine, partitions);
        await sleep(100);
      }
      assert.fail('not all partitions were assigned');
    });
  });
}
