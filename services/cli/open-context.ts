import { constants } from 'node:os';
import type { CommandContext, Interrupts } from './command-context.ts';
import { terminalLook } from './terminal/terminal-look.ts';

export interface GlobalFlags {
  json?: boolean;
  color?: boolean;
  config?: string;
  state?: string;
}

/** The context of this very process: its streams, environment, working directory and signals. */
export function openContext(flags: GlobalFlags): CommandContext {
  const look = (stream: NodeJS.WriteStream) =>
    terminalLook({
      isTty: stream.isTTY === true,
      columns: stream.columns,
      env: process.env,
      colorAllowed: flags.color !== false,
    });
  let interrupts: Interrupts | null = null;
  return {
    out: text => write(process.stdout, text),
    say: text => void process.stderr.write(text),
    panelStream: process.stderr,
    outLook: look(process.stdout),
    errLook: look(process.stderr),
    isJson: flags.json === true,
    env: process.env,
    directory: process.cwd(),
    configPath: flags.config ?? null,
    stateDirectory: flags.state ?? null,
    interrupts: () => {
      interrupts ??= listenForInterrupts();
      return interrupts;
    },
  };
}

async function write(stream: NodeJS.WriteStream, text: string): Promise<void> {
  if (stream.write(text)) return;
  await new Promise<void>(resolve => stream.once('drain', resolve));
}

function listenForInterrupts(): Interrupts {
  const controller = new AbortController();
  let code: number | null = null;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      const own = 128 + constants.signals[name];
      // Whoever presses twice does not want to wait: nothing is lost, the log has everything.
      if (code !== null) process.exit(own);
      code = own;
      controller.abort();
    });
  }
  return { signal: controller.signal, exitCode: () => code };
}
