import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openMetrics } from '#adapters/otel/open-metrics.ts';
import { openTraces } from '#adapters/otel/open-traces.ts';
import { createTelemetry } from '#adapters/pino/create-telemetry.ts';
import { startOtlpReceiver } from '#test/support/otlp-receiver.ts';
import { makeTemporaryFolder } from '#test/support/temporary-folder.ts';
import { describeTelemetry } from './telemetry.ts';

const notesIn = (path: string): Record<string, unknown>[] =>
  existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .filter(line => line !== '')
        .map(line => JSON.parse(line) as Record<string, unknown>)
    : [];

describeTelemetry('a log and counts in memory, as on one machine', async () => {
  const folder = makeTemporaryFolder('telemetry');
  const path = join(folder.path, 'flotilla.log');
  const telemetry = createTelemetry({ level: 'info', path, process: 'test' });
  return {
    telemetry,
    series: async () => telemetry.series(),
    notes: () => notesIn(path),
    close: async () => folder.remove(),
  };
});

describeTelemetry('with metrics and traces, as in a fleet', async () => {
  const folder = makeTemporaryFolder('telemetry');
  const path = join(folder.path, 'flotilla.log');
  const receiver = await startOtlpReceiver();
  const metrics = openMetrics({ version: '1.2.3', node: 'v24', residentBytes: () => 1 });
  const traces = openTraces({ endpoint: receiver.endpoint, version: '1.2.3', process: 'test', onLost: () => {} });
  const telemetry = createTelemetry({ level: 'info', path, process: 'test', metrics, spans: traces.spans });
  return {
    telemetry,
    async series() {
      const lines = (await metrics.text()).split('\n').filter(line => line !== '' && !line.startsWith('#'));
      return new Map(
        lines.map(line => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
      );
    },
    notes: () => notesIn(path),
    async close() {
      await traces.close();
      await metrics.close();
      await receiver.close();
      folder.remove();
    },
  };
});
