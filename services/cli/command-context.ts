import type { TerminalLook } from './terminal/terminal-look.ts';

/** What a command may touch of the process it runs in. */
export interface CommandContext {
  /** Data, to stdout. Resolves when there is room for more. */
  out(text: string): Promise<void>;
  /** Talk, to stderr. */
  say(text: string): void;
  /** Where a panel is drawn: stderr. */
  panelStream: NodeJS.WriteStream;
  outLook: TerminalLook;
  errLook: TerminalLook;
  /** One JSON object on stdout at the end, and no talk. */
  isJson: boolean;
  env: Readonly<Record<string, string | undefined>>;
  /** Working directory. */
  directory: string;
  configPath: string | null;
  stateDirectory: string | null;
  /** From the first call on, Ctrl-C and SIGTERM no longer end the process; a second one does, at once. */
  interrupts(): Interrupts;
}

export interface Interrupts {
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP. */
  signal: AbortSignal;
  /** 130 or 143 once interrupted, else null. */
  exitCode(): number | null;
}

/** What a command is: it ends with an exit code, or throws. */
export type Command = (context: CommandContext) => Promise<number>;
