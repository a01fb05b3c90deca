import type { Traces } from '#adapters/otel/open-traces.ts';
import { systemClock } from '#adapters/system/system-clock.ts';
import type { Telemetry } from '#ports/telemetry.ts';
import { version } from './version.ts';

const sayEveryMs = 60_000;

/**
 * Traces of this process, or null while they are off: then nothing of them is even loaded.
 * @param endpoint where OTLP over HTTP is taken; null: off
 */
export async function openSpans(
  endpoint: string | null,
  { process, telemetry }: { process: string; telemetry: Telemetry },
): Promise<Traces | null> {
  if (endpoint === null) return null;
  const { openTraces } = await import('#adapters/otel/open-traces.ts');
  let saidOn = -Infinity;
  return openTraces({
    endpoint,
    version: version(),
    process,
    onLost(spans, why) {
      telemetry.count('flotilla_spans_lost_total', spans);
      if (systemClock.monotonic() - saidOn < sayEveryMs) return;
      saidOn = systemClock.monotonic();
      telemetry.note('warn', 'spans-lost', { spans, why });
    },
  });
}
