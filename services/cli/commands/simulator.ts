import { FlotillaError } from '#errors/flotilla-error.ts';
import { parseArguments } from '#services/simulator/parse-arguments.ts';
import { startSimulator } from '#services/simulator/service.ts';
import type { Command } from '../command-context.ts';

export interface SimulatorFlags {
  port: number;
  host: string;
  dir?: string;
  seed?: string;
  timeScale?: string;
  latencyMinMs?: string;
  latencyMaxMs?: string;
  providerLike?: boolean;
  cacheHitShare?: string;
  faults?: string;
}

/** `flotilla simulator`: serves until Ctrl-C; its base URL is all it prints on stdout. Ends with 0: it was asked to end. */
export function simulator(flags: SimulatorFlags): Command {
  return async ({ out, say, isJson, interrupts }) => {
    const { signal } = interrupts();
    const running = await startSimulator(readFlags(flags)).catch((cause: unknown) => {
      const { code, message } = cause as NodeJS.ErrnoException;
      const why = code === 'EADDRINUSE' ? `port ${flags.port} is in use` : message;
      throw new FlotillaError('invalid-usage', {
        where: `--port ${flags.port}`,
        why,
        fix: '--port 0 takes a free one',
        cause,
      });
    });
    await out(isJson ? `${JSON.stringify({ baseUrl: running.baseUrl })}\n` : `${running.baseUrl}\n`);
    if (!isJson) say('a simulated Anthropic API: any key that begins with sk-ant- is accepted. Ctrl-C stops it\n');
    await new Promise<void>(resolve => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await running.close();
    return 0;
  };
}

function readFlags(flags: SimulatorFlags): ReturnType<typeof parseArguments> {
  const given: [string, string | undefined][] = [
    ['port', String(flags.port)],
    ['host', flags.host],
    ['dir', flags.dir],
    ['seed', flags.seed],
    ['time-scale', flags.timeScale],
    ['latency-min-ms', flags.latencyMinMs],
    ['latency-max-ms', flags.latencyMaxMs],
    ['cache-hit-share', flags.cacheHitShare],
    ['faults', flags.faults],
  ];
  const args = given.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`]));
  try {
    return parseArguments(flags.providerLike ? [...args, '--provider-like'] : args);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replaceAll('\n', ' ') : String(cause);
    throw new FlotillaError('invalid-usage', {
      where: 'flotilla simulator',
      why,
      fix: 'flotilla help simulator',
      cause,
    });
  }
}
