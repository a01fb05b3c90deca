import { FlotillaError } from '#errors/flotilla-error.ts';
import { optionsOf, type SimulatorFlags } from '#services/simulator/parse-arguments.ts';
import { type SimulatorOptions, startSimulator } from '#services/simulator/service.ts';
import type { Command } from '../command-context.ts';

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

function readFlags(flags: SimulatorFlags): SimulatorOptions {
  try {
    return optionsOf(flags);
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
