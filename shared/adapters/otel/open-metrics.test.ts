import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Metrics, openMetrics } from './open-metrics.ts';

function setup(t: { after(act: () => Promise<void>): void }): Metrics {
  const metrics = openMetrics({ version: '1.2.3', node: 'v24', residentBytes: () => 42 });
  t.after(() => metrics.close());
  return metrics;
}

/** Value by series, without the lines of comments. */
const seriesOf = (text: string): Map<string, number> =>
  new Map(
    text
      .split('\n')
      .filter(line => line !== '' && !line.startsWith('#'))
      .map(line => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );

describe('openMetrics', () => {
  it('says counters, gauges and histograms by their declared names and meanings', async t => {
    const metrics = setup(t);
    metrics.count('flotilla_creates_total', 2, { outcome: 'created' });
    metrics.count('flotilla_creates_total', 1, { outcome: 'created' });
    metrics.gauge('flotilla_open_lanes', 7);
    metrics.gauge('flotilla_open_lanes', 3);
    metrics.observe('flotilla_work_seconds', 0.02, { work: 'submit', outcome: 'done' });
    const text = await metrics.text();
    const series = seriesOf(text);
    assert.equal(series.get('flotilla_creates_total{outcome="created"}'), 3);
    assert.equal(series.get('flotilla_open_lanes'), 3);
    assert.equal(series.get('flotilla_work_seconds_count{work="submit",outcome="done"}'), 1);
    assert.equal(series.get('flotilla_work_seconds_bucket{work="submit",outcome="done",le="0.01"}'), 0);
    assert.equal(series.get('flotilla_work_seconds_bucket{work="submit",outcome="done",le="0.025"}'), 1);
    assert.equal(series.get('flotilla_work_seconds_bucket{work="submit",outcome="done",le="+Inf"}'), 1);
    assert.match(text, /^# HELP flotilla_creates_total create calls sent, by outcome$/m);
    assert.match(text, /^# TYPE flotilla_creates_total counter$/m);
    assert.match(text, /^# TYPE flotilla_work_seconds histogram$/m);
  });

  it('is text as Prometheus reads it: one sample a line, nothing else', async t => {
    const metrics = setup(t);
    metrics.count('flotilla_loop_failures_total', 1, { loop: 'look', code: 'an "odd"\ncode\\' });
    const line =
      /^(#.*|[a-z_]+(\{[a-z_]+="([^"\\\n]|\\["\\n])*"(,[a-z_]+="([^"\\\n]|\\["\\n])*")*\})? -?[0-9.e+-]+(Inf)?|)$/;
    for (const each of (await metrics.text()).split('\n')) assert.match(each, line);
  });

  it('has counters without labels from the start, so that their first rise is seen', async t => {
    const series = seriesOf(await setup(t).text());
    assert.equal(series.get('flotilla_suspected_double_purchase_total'), 0);
    assert.equal(series.get('flotilla_lost_lines_total'), 0);
  });

  it('says what the process is', async t => {
    const series = seriesOf(await setup(t).text());
    assert.equal(series.get('flotilla_build_info{version="1.2.3",node="v24"}'), 1);
    assert.equal(series.get('flotilla_resident_bytes'), 42);
    assert.ok((series.get('flotilla_event_loop_delay_seconds') ?? -1) >= 0);
  });

  it('has gauges measured before they are read; one that fails is counted and hides no other', async t => {
    const metrics = setup(t);
    let age = 0;
    metrics.whenMeasured(() => Promise.reject(new Error('the broker is away')));
    metrics.whenMeasured(() => {
      throw new Error('a bug');
    });
    metrics.whenMeasured(async () => {
      age += 1;
      metrics.gauge('flotilla_oldest_lane_seconds', age);
    });
    await metrics.text();
    const series = seriesOf(await metrics.text());
    assert.equal(series.get('flotilla_oldest_lane_seconds'), 2);
    assert.equal(series.get('flotilla_measure_failures_total'), 4);
  });
});
