import { resolve } from 'node:path';
import { parseDollars } from '#core/money.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import { loadConfig } from '#runtime/config/load-config.ts';
import type { Command, CommandContext } from '../command-context.ts';
import { crashHookFrom } from '../crash-hook.ts';
import { openEmbedded } from '../embedded.ts';
import { embeddedSettings } from '../embedded-settings.ts';
import { exitCodes } from '../exit-codes.ts';
import { createReporter } from '../run/create-reporter.ts';
import { expectedCost, readForPrice } from '../run/expected-cost.ts';
import { refuseOverCap } from '../run/refuse-over-cap.ts';
import { runIdOf } from '../run/run-id.ts';
import { type RunEnd, RunSession } from '../run/run-session.ts';
import { setRunCap } from '../run/set-run-cap.ts';
import { spoolInput } from '../run/spool-input.ts';

export interface RunOptions {
  file: string;
  task?: string;
  out: string;
  deadLetters: string;
  maxCost?: string;
  runId?: string;
  allowFailures?: string;
  /** Milliseconds. */
  waitTimeout?: number;
}

/** `flotilla run FILE`: exactly one answer each, resumed or attached to when the same command is given again. */
export const run =
  (options: RunOptions): Command =>
  async context => {
    const loaded = await loadConfig({
      directory: context.directory,
      env: context.env,
      flags: context.stateDirectory === null ? {} : { state: context.stateDirectory },
      ...(context.configPath === null ? {} : { configPath: context.configPath }),
    });
    const task = options.task ?? null;
    if (task !== null && !loaded.tasks.has(task)) throw unknownTask(task, [...loaded.tasks.keys()]);
    for (const flag of ['out', 'deadLetters'] as const) if (options[flag] === '-') throw noFile(flag);
    const cap = options.maxCost === undefined ? null : capOf(options.maxCost);
    const input = await spoolInput(options.file, {
      directory: context.directory,
      stateDirectory: loaded.stateDirectory,
    });
    const id = options.runId ?? (await runIdOf(input, task));
    const price = await readForPrice({ input, task, loaded, isCapped: cap !== null });
    if (cap !== null && price !== null) refuseOverCap(price, { input, cap });
    const embedded = openEmbedded(embeddedSettings(loaded, { crashHook: crashHookFrom(context.env) }));
    const reporter = await createReporter(context);
    try {
      await setRunCap(embedded, { run: id, cap });
      const session = new RunSession({
        embedded,
        run: id,
        input,
        inputName: options.file,
        task,
        out: resolve(context.directory, options.out),
        deadLetters: resolve(context.directory, options.deadLetters),
        cap,
        expected: expectedCost(price, { loaded, log: embedded.log }),
        signal: signalOf(context, options.waitTimeout),
        onSnapshot: snapshot => reporter.update(snapshot),
      });
      const end = await session.execute();
      await embedded.close();
      await reporter.finish(end);
      return exitCodeOf(end, { context, options });
    } finally {
      reporter.stop();
      await embedded.close();
    }
  };

/** Standard output cannot be gone on with after a kill, and a file named `-` is what nobody means. */
const noFile = (flag: 'out' | 'deadLetters'): FlotillaError =>
  new FlotillaError('invalid-usage', {
    where: flag === 'out' ? '--out -' : '--dead-letters -',
    why: 'it is written to a file, so that it can be gone on with',
    fix: 'name a file; cat it when the run is done',
  });

const signalOf = (context: CommandContext, waitTimeoutMs: number | undefined): AbortSignal => {
  const { signal } = context.interrupts();
  return waitTimeoutMs === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(waitTimeoutMs)]);
};

function exitCodeOf(end: RunEnd, { context, options }: { context: CommandContext; options: RunOptions }): number {
  switch (end.is) {
    case 'interrupted':
      return context.interrupts().exitCode() ?? exitCodes.stoppedWaiting;
    case 'parked':
      return exitCodes.guard;
    case 'done': {
      const { dead, succeeded } = end.snapshot.answered;
      return dead > allowedFailures(options.allowFailures, dead + succeeded) ? exitCodes.someFailed : exitCodes.done;
    }
  }
}

function allowedFailures(text: string | undefined, documents: number): number {
  if (text === undefined) return 0;
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(text);
  if (!match)
    throw new FlotillaError('invalid-usage', {
      where: '--allow-failures',
      why: `"${text}" is neither a count nor a share`,
    });
  return match[2] === '%' ? (Number(match[1]) / 100) * documents : Number(match[1]);
}

function capOf(text: string): number {
  const cap = parseDollars(text);
  if (cap !== null) return cap;
  throw new FlotillaError('invalid-usage', {
    where: '--max-cost',
    why: `"${text}" is no amount in dollars`,
    fix: 'write --max-cost 20',
  });
}

function unknownTask(task: string, known: string[]): FlotillaError {
  const why = `there is no task "${task}"`;
  const fix = known.length > 0 ? `use one of: ${known.join(', ')}` : 'run flotilla init, and describe the task there';
  return new FlotillaError('unknown-task', { where: '--task', why, fix });
}
