import { startConsole } from '#services/console/service.ts';
import type { Command } from '../command-context.ts';
import { openConsoleSource } from '../console-source.ts';
import { loadSettings } from '../load-settings.ts';

export interface ConsoleCommandOptions {
  host?: string;
  port?: number;
}

/** `flotilla console`: screens of the fleet, or of this machine's state, until Ctrl-C. Ends with 0: it was asked to end. */
export const showConsole =
  (options: ConsoleCommandOptions): Command =>
  async context => {
    const settings = await loadSettings(context, { 'console.host': options.host, 'console.port': options.port });
    const { host, port, token } = settings.config.console;
    const { signal } = context.interrupts();
    const source = await openConsoleSource(settings);
    try {
      const running = await startConsole({ ...source, host, port, token: token?.reveal() ?? null });
      await context.out(context.isJson ? `${JSON.stringify({ url: running.url })}\n` : `${running.url}\n`);
      const who = token === null ? 'only this machine reaches it' : 'the token is the password, of any name';
      if (!context.isJson) context.say(`screens of ${source.source.name}; ${who}. Ctrl-C stops it, and nothing else\n`);
      await new Promise<void>(resolve => {
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      await running.close();
    } finally {
      await source.close();
    }
    return 0;
  };
