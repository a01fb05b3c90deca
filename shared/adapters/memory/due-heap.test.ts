import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type DueEntry, DueHeap } from './due-heap.ts';

describe('DueHeap', () => {
  it('always has the earliest first, whatever is added and taken out', () => {
    const step = fc.oneof(fc.record({ add: fc.nat(20) }), fc.record({ remove: fc.nat() }), fc.constant('pop' as const));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), steps => {
        const heap = new DueHeap<DueEntry>();
        let entries: DueEntry[] = [];
        let sequence = 0;
        const first = () => entries.toSorted((a, b) => a.dueAt - b.dueAt || a.sequence - b.sequence)[0] ?? null;
        const remove = (entry: DueEntry): void => {
          heap.remove(entry);
          entries = entries.filter(other => other !== entry);
        };
        for (const step of steps) {
          if (step === 'pop') {
            const top = heap.peek();
            if (top !== null) remove(top);
          } else if ('add' in step) {
            sequence += 1;
            const entry = { dueAt: step.add, sequence, heapIndex: 0 };
            entries.push(entry);
            heap.add(entry);
          } else if (entries.length > 0) remove(entries[step.remove % entries.length]!);
          assert.equal(heap.peek(), first());
          assert.equal(heap.size, entries.length);
        }
      }),
    );
  });
});
