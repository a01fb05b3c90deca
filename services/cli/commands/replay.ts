import { resolve } from 'node:path';
import { parseDocument } from '#contracts/parse-document.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { LoadedConfig } from '#runtime/config/load-config.ts';
import { learnFromAnswers } from '#runtime/learn-from-answers.ts';
import { laneSourceOf } from '../cache/lane-source.ts';
import type { Command, CommandContext } from '../command-context.ts';
import { crashHookFrom } from '../crash-hook.ts';
import { openEmbedded } from '../embedded.ts';
import { embeddedSettings } from '../embedded-settings.ts';
import { estimateReport } from '../estimate/estimate-report.ts';
import { FileEstimate } from '../estimate/file-estimate.ts';
import { exitCodes } from '../exit-codes.ts';
import { loadSettings } from '../load-settings.ts';
import { type OpenState, openState } from '../open-state.ts';
import { appendReplay, readReplays } from '../replay/append-replay.ts';
import { awaitAnswers } from '../replay/await-answers.ts';
import { replayRunOf } from '../replay/plan-replay.ts';
import { planJson, type ReplayPlan, renderPlan, renderRefused } from '../replay/render-plan.ts';
import { count, parseRids, type Selection, selectLetters, withoutReplayed } from '../replay/select-letters.ts';
import { createReporter } from '../run/create-reporter.ts';
import { readRunPosition } from '../run/run-position.ts';
import { RunSession } from '../run/run-session.ts';
import { checkRun } from '../status/check-run.ts';

export interface ReplayOptions {
  run: string | undefined;
  cause?: string;
  rid?: string[];
  limit?: number;
  yes?: boolean;
  out: string;
  deadLetters: string;
}

/**
 * `flotilla replay`: dead letters become new documents that name the ones they replay. Only says what it would do, unless
 * `--yes`. The same command again follows the replay that is under way, and buys nothing.
 */
export const replay =
  (options: ReplayOptions): Command =>
  async context => {
    const settings = await loadSettings(context);
    const rids = parseRids(options.rid);
    const state = await openState(settings);
    let run: string;
    try {
      const filter = { run: options.run ?? null, cause: options.cause ?? null, rids };
      const selected = await selectLetters(state.log, filter, options.limit ?? Number.POSITIVE_INFINITY);
      const left = await withoutReplayed(state.log, selected);
      const [known, ...others] = left.replayRuns;
      const isUnderWay = left.letters.length === 0 && known !== undefined && others.length === 0;
      if (!isUnderWay || !options.yes) {
        const plan = await planOf(state, left, settings);
        if (plan.documents === 0) {
          if (plan.refused.size === 0) await checkRun(options.run, state);
          throw nothingToReplay(plan);
        }
        if (!options.yes) return await showPlan(plan, { context, options });
        if (!context.isJson) context.say(renderPlan(plan));
        run = replayRunOf(left.letters);
        const replays = readReplays(state.log, left.letters);
        await appendReplay(state.log, { replays, run, name: nameOf(options) });
      } else {
        run = known;
        if (!context.isJson) context.say(`these were sent before, as ${run}: nothing is bought again\n`);
      }
    } finally {
      await state.close();
    }
    return settings.fleet
      ? followInFleet(run, { context, options, settings })
      : follow(run, { context, options, settings });
  };

async function planOf({ log }: OpenState, left: Selection, settings: LoadedConfig): Promise<ReplayPlan> {
  const file = new FileEstimate(Date.now());
  const byCause = new Map<string, number>();
  let documents = 0;
  for await (const { letter, origin } of readReplays(log, left.letters, () => count(left, 'gone'))) {
    documents += 1;
    byCause.set(letter.cause, (byCause.get(letter.cause) ?? 0) + 1);
    const parsed = parseDocument(origin, { tasks: settings.tasks, hasAnthropic: true });
    if (parsed.is === 'reject') file.reject();
    else file.add(parsed.document, laneSourceOf(parsed.document, settings));
  }
  const estimate = estimateReport(file, { calibration: await learnFromAnswers(log) });
  return { documents, byCause, refused: left.refused, estimate };
}

function nothingToReplay({ refused }: ReplayPlan): FlotillaError {
  const limited = refused.get('replay-limit') ?? 0;
  const all = [...refused.values()].reduce((sum, n) => sum + n, 0);
  if (limited > 0 && limited === all) {
    return new FlotillaError('replay-limit', { why: `all ${limited} of them were replayed three times` });
  }
  const why =
    refused.size === 0
      ? 'there is no such dead letter'
      : renderRefused(refused)
          .map(text => text.trim())
          .join('; ');
  return new FlotillaError('replay-refused', { why });
}

async function showPlan(
  plan: ReplayPlan,
  { context, options }: { context: CommandContext; options: ReplayOptions },
): Promise<number> {
  if (context.isJson) await context.out(`${JSON.stringify({ dryRun: true, ...planJson(plan) })}\n`);
  else {
    await context.out(renderPlan(plan));
    const isInVain = plan.estimate.rejected === plan.documents;
    context.say(`Nothing was sent. ${isInVain ? 'First: mend the cause. Then' : 'Next'}: ${nameOf(options)} --yes\n`);
  }
  return exitCodes.done;
}

const nameOf = ({ run, cause, rid }: ReplayOptions): string =>
  [
    'flotilla replay',
    ...(run === undefined ? [] : [run]),
    ...(cause === undefined ? [] : ['--cause', cause]),
    ...(rid === undefined ? [] : ['--rid', ...rid]),
  ].join(' ');

/** Others answer; this process only waits and writes what they wrote. */
async function followInFleet(
  run: string,
  { context, options, settings }: { context: CommandContext; options: ReplayOptions; settings: LoadedConfig },
): Promise<number> {
  const interrupts = context.interrupts();
  const { log, close } = await openState(settings);
  try {
    const documents = (await readRunPosition(log, run))?.lines ?? 0;
    const [out, deadLetters] = [options.out, options.deadLetters].map(path => resolve(context.directory, path));
    const answered = await awaitAnswers({
      log,
      run,
      documents,
      out: out as string,
      deadLetters: deadLetters as string,
      signal: interrupts.signal,
      onProgress: () => {},
    });
    if (context.isJson) await context.out(`${JSON.stringify({ run, documents, ...answered })}\n`);
    else context.say(`${run}: ${answered.succeeded} ok, ${answered.dead} dead of ${documents} in ${options.out}\n`);
    if (!answered.isComplete) return interrupts.exitCode() ?? exitCodes.stoppedWaiting;
    return answered.dead > 0 ? exitCodes.someFailed : exitCodes.done;
  } finally {
    await close();
  }
}

async function follow(
  run: string,
  { context, options, settings }: { context: CommandContext; options: ReplayOptions; settings: LoadedConfig },
): Promise<number> {
  const embedded = openEmbedded(embeddedSettings(settings, { crashHook: crashHookFrom(context.env) }));
  const reporter = await createReporter(context);
  try {
    const session = new RunSession({
      embedded,
      run,
      input: '', // all of it is in the log
      inputName: nameOf(options),
      task: null,
      out: resolve(context.directory, options.out),
      deadLetters: resolve(context.directory, options.deadLetters),
      cap: null,
      signal: context.interrupts().signal,
      onSnapshot: snapshot => reporter.update(snapshot),
    });
    const end = await session.execute();
    await embedded.close();
    await reporter.finish(end);
    if (end.is === 'interrupted') return context.interrupts().exitCode() ?? exitCodes.stoppedWaiting;
    if (end.is === 'parked') return exitCodes.guard;
    return end.snapshot.answered.dead > 0 ? exitCodes.someFailed : exitCodes.done;
  } finally {
    reporter.stop();
    await embedded.close();
  }
}
