import type { BatchProvider } from '#ports/batch-provider.ts';
import type { Clock } from '#ports/clock.ts';
import type { Telemetry } from '#ports/telemetry.ts';

/** A provider whose calls are counted and timed. Results are timed until their reply; their lines follow. */
export function measuredProvider(
  provider: BatchProvider,
  { telemetry, clock }: { telemetry: Telemetry; clock: Pick<Clock, 'monotonic'> },
): BatchProvider {
  async function timed<Reply>(
    operation: string,
    call: () => Promise<Reply>,
    outcomeOf: (reply: Reply) => string = () => 'ok',
  ): Promise<Reply> {
    const begunOn = clock.monotonic();
    let outcome = 'failed';
    try {
      const reply = await call();
      outcome = outcomeOf(reply);
      return reply;
    } finally {
      telemetry.count('flotilla_provider_calls_total', 1, { operation, outcome });
      telemetry.observe('flotilla_provider_call_seconds', (clock.monotonic() - begunOn) / 1_000, { operation });
    }
  }
  return {
    provider: provider.provider,
    baseUrl: provider.baseUrl,
    hasLabels: provider.hasLabels,
    cacheLever: provider.cacheLever,
    create: (request, signal) =>
      timed(
        'create',
        () => provider.create(request, signal),
        ({ status }) => status,
      ),
    prime: (request, signal) =>
      timed(
        'prime',
        () => provider.prime(request, signal),
        ({ status }) => status,
      ),
    list: options => timed('list', () => provider.list(options)),
    results: pid =>
      timed(
        'results',
        () => provider.results(pid),
        ({ status }) => status,
      ),
    cancel: pid => timed('cancel', () => provider.cancel(pid)),
  };
}
