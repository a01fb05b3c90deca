import type { Command, CommandContext } from '../command-context.ts';
import { exitCodes } from '../exit-codes.ts';
import { loadSettings } from '../load-settings.ts';
import { runWorker } from '../run-worker.ts';

export interface WorkerCommandOptions {
  roles?: string;
  name?: string;
  host?: string;
  port?: number;
}

/** `flotilla worker`: one process of a fleet, until it is told to stop or an orchestrator had better start it anew. */
export const worker =
  (options: WorkerCommandOptions): Command =>
  async (context: CommandContext) => {
    const settings = await loadSettings(context, {
      'worker.roles': options.roles,
      'worker.name': options.name,
      'http.host': options.host,
      'http.port': options.port,
    });
    const interrupts = context.interrupts();
    await runWorker({ settings, context, signal: interrupts.signal });
    return interrupts.exitCode() ?? exitCodes.done;
  };
