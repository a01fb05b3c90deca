/** What is wrong on the command line of a script, in one line. */
export class UsageError extends Error {}

export interface ScriptArguments<Args> {
  /** As it is called, such as `npm run sim`. */
  script: string;
  usage: string;
  /** @throws UsageError, or what `parseArgs` of node:util throws */
  parse: (argv: readonly string[]) => Args;
}

/**
 * The arguments of a script. `--help` prints its usage, and what is wrong is said in one line.
 * @returns null when all is said; the exit code is then 0 or 2
 */
export function readScriptArguments<Args>(
  argv: readonly string[],
  { script, usage, parse }: ScriptArguments<Args>,
): Args | null {
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(`${usage}\n`);
    process.exitCode = 0;
    return null;
  }
  try {
    return parse(argv);
  } catch (error) {
    const why = whyOf(error);
    if (why === null) throw error;
    process.stderr.write(`error: ${why} (${script} -- --help)\n`);
    process.exitCode = 2;
    return null;
  }
}

/** Of Node's messages the first sentence, without its advice. */
function whyOf(error: unknown): string | null {
  if (error instanceof UsageError) return error.message;
  const { code = '', message = '' } = error as NodeJS.ErrnoException;
  if (!code.startsWith('ERR_PARSE_ARGS')) return null;
  const first = message.split(/\. |\n/)[0] ?? message;
  return first.charAt(0).toLowerCase() + first.slice(1);
}

/** @throws UsageError when it is none */
export function wholeNumberOf(flag: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`--${flag} ${text} is no whole number`);
  return Number(text);
}
