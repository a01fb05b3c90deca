import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { FlotillaError } from '#errors/flotilla-error.ts';
import type { Command, CommandContext } from './command-context.ts';
import { errorJson, renderErrors, toFlotillaErrors } from './errors/render-error.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { type GlobalFlags, openContext } from './open-context.ts';
import { parseCommandLine } from './program.ts';

/** The command line. Sets the exit code and returns; whatever a command started it has stopped by then. */
export async function runCommandLine(args: readonly string[]): Promise<void> {
  // A reader that has seen enough (`| head`) closes the pipe; that is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? (process.exitCode ?? exitCodes.done) : exitCodes.unexpected);
  });
  const flags: GlobalFlags = { json: args.includes('--json'), color: !args.includes('--no-color') };
  try {
    process.exitCode = await parseCommandLine(args, {
      print: text => void process.stdout.write(text),
      perform: (command, given) => perform(command, openContext(given)),
    });
  } catch (error) {
    process.exitCode = await report(error, openContext(flags));
  }
}

async function perform(command: () => Promise<Command>, context: CommandContext): Promise<number> {
  try {
    return await (await command())(context);
  } catch (error) {
    return report(error, context);
  }
}

async function report(thrown: unknown, context: CommandContext): Promise<number> {
  const errors = toFlotillaErrors(thrown);
  const exitCode = exitCodeOf(errors);
  context.say(renderErrors(errors, context.errLook));
  if (errors.some(({ code }) => code === 'internal')) context.say(`  debug log: ${writeDebugLog(thrown)}\n`);
  if (context.isJson) {
    const [first] = errors as [FlotillaError];
    await context.out(`${JSON.stringify({ error: errorJson(first), exitCode })}\n`);
  }
  return exitCode;
}

function writeDebugLog(thrown: unknown): string {
  const path = join(mkdtempSync(join(tmpdir(), 'flotilla-')), 'debug.log');
  const head = `${new Date().toISOString()} node ${process.version} ${process.platform}-${process.arch}`;
  writeFileSync(path, `${head}\n${inspect(thrown, { depth: 5 })}\n`, { mode: 0o600 });
  return path;
}
