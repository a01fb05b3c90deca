import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { batchSpan } from '#core/span-context.ts';
import type { Span, Telemetry } from '#ports/telemetry.ts';

export interface TelemetryFixture {
  telemetry: Telemetry;
  /** Every counter and gauge as `name{label="value"}`, with its value. */
  series(): Promise<ReadonlyMap<string, number>>;
  /** Every log line, parsed. */
  notes(): Record<string, unknown>[];
  close(): Promise<void>;
}

const span: Span = {
  name: 'batch.seal',
  self: batchSpan('abcdefghijkl', 'batch.seal'),
  parent: null,
  startAt: 2_000,
  endAt: 1_000,
  links: [],
  attributes: { 'flotilla.bk': 'abcdefghijkl' },
};

/** The contract of `#ports/telemetry.ts`, the same for every way it is put together. */
export function describeTelemetry(name: string, make: () => Promise<TelemetryFixture>): void {
  describe(`telemetry: ${name}`, () => {
    let fixture: TelemetryFixture;
    let telemetry: Telemetry;
    beforeEach(async () => {
      fixture = await make();
      telemetry = fixture.telemetry;
    });
    afterEach(() => fixture.close());

    it('adds to counters, one at a time unless told otherwise, each set of labels by itself', async () => {
      telemetry.count('flotilla_creates_total', 1, { outcome: 'created' });
      telemetry.count('flotilla_creates_total', 4, { outcome: 'created' });
      telemetry.count('flotilla_creates_total', 2, { outcome: 'refused' });
      telemetry.count('flotilla_lost_lines_total');
      const series = await fixture.series();
      assert.equal(series.get('flotilla_creates_total{outcome="created"}'), 5);
      assert.equal(series.get('flotilla_creates_total{outcome="refused"}'), 2);
      assert.equal(series.get('flotilla_lost_lines_total'), 1);
    });

    it('sets gauges, also back to 0', async () => {
      telemetry.gauge('flotilla_open_batches', 3, { state: 'sealed' });
      telemetry.gauge('flotilla_open_batches', 0, { state: 'sealed' });
      telemetry.gauge('flotilla_open_lanes', 2);
      const series = await fixture.series();
      assert.equal(series.get('flotilla_open_batches{state="sealed"}'), 0);
      assert.equal(series.get('flotilla_open_lanes'), 2);
    });

    it('notes an event as one line with the fields that were given, and no others', () => {
      telemetry.note('warn', 'create-ambiguous', {
        bk: 'b',
        sub: 1,
        why: 'line 1\nline 2',
        bound: undefined,
        run: null,
      });
      telemetry.note('info', 'worker-started');
      const notes = fixture.notes().map(({ level: _level, time: _time, process: _process, ...note }) => note);
      assert.deepEqual(notes, [
        { event: 'create-ambiguous', bk: 'b', sub: 1, why: 'line 1\nline 2', run: null },
        { event: 'worker-started' },
      ]);
    });

    it('MUST: takes whatever it is given without throwing or waiting', async () => {
      telemetry.observe('flotilla_work_seconds', Number.NaN, { work: 'submit', outcome: 'done' });
      telemetry.observe('flotilla_work_seconds', -1, { work: '"\\\n', outcome: '' });
      telemetry.gauge('flotilla_open_lanes', Number.POSITIVE_INFINITY);
      telemetry.count('flotilla_sweep_hints_total', 0);
      telemetry.spans?.record(span);
      telemetry.spans?.record({ ...span, links: Array.from({ length: 2_000 }, () => span.self) });
      assert.equal(telemetry.spans?.record(span), undefined);
      await fixture.series();
    });

    it('has gauges measured before they are read, where they are read at all', async () => {
      let asked = 0;
      telemetry.whenMeasured?.(() => {
        asked += 1;
        telemetry.gauge('flotilla_oldest_lane_seconds', asked);
      });
      telemetry.whenMeasured?.(() => Promise.reject(new Error('the broker is away')));
      const series = await fixture.series();
      if (telemetry.whenMeasured) assert.equal(series.get('flotilla_oldest_lane_seconds'), 1);
    });
  });
}
