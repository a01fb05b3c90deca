import { join } from 'node:path';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { LoadedConfig } from '#runtime/config/load-config.ts';
import type { Command, CommandContext } from '../command-context.ts';
import { type Check, exitCodeOfChecks, failed, failedBy, passed, renderChecks } from '../doctor/check.ts';
import { checkAccount } from '../doctor/check-account.ts';
import { checkFleet } from '../doctor/check-fleet.ts';
import { checkDisk, checkEngine, checkNode, checkState } from '../doctor/check-machine.ts';
import { exitCodes } from '../exit-codes.ts';
import { loadSettings } from '../load-settings.ts';
import { countOf } from '../terminal/format-count.ts';

/** `flotilla doctor`: everything a run depends on, each with what to do about it. 0, 2 (configuration), 5 or 6 (key). */
export const doctor = (): Command => async context => {
  const checks = await allChecks(context);
  const exitCode = exitCodeOfChecks(checks);
  if (context.isJson) await context.out(`${JSON.stringify({ ok: exitCode === 0, checks })}\n`);
  else await context.out(renderChecks(checks, context.outLook));
  return exitCode;
};

async function allChecks(context: CommandContext): Promise<Check[]> {
  const node = checkNode();
  let settings: LoadedConfig;
  try {
    settings = await loadSettings(context);
  } catch (error) {
    if (!(error instanceof FlotillaError)) throw error;
    return [node, failedBy('config', error)];
  }
  const { configPath, account, stateDirectory, tasks, fleet } = settings;
  const found =
    configPath === null ? 'no file: defaults and environment' : `${configPath}, ${countOf(tasks.size, 'task')}`;
  const directory = account === null ? join(stateDirectory, 'simulated') : stateDirectory;
  const state = await checkState(stateDirectory);
  const inFleet = fleet === null ? null : await checkFleet(settings, fleet);
  const { account: name } = settings.config.providers.anthropic;
  const inLog = inFleet?.view ? { name, pinned: inFleet.view.accounts.get(name) ?? null } : null;
  return [
    node,
    passed('config', found),
    state,
    ...(state.isOk && fleet === null ? [checkEngine(directory)] : []),
    await checkDisk(stateDirectory),
    ...(inFleet?.checks ?? []),
    ...(account === null && fleet !== null
      ? [
          failed('key', 'none', {
            fix: 'set ANTHROPIC_API_KEY: a fleet has no simulator of its own',
            exitCode: exitCodes.usage,
          }),
        ]
      : []),
    ...(account === null && fleet === null
      ? [passed('key', 'none: answers are simulated (export ANTHROPIC_API_KEY to change that)')]
      : []),
    ...(account === null ? [] : await checkAccount(account, inLog)),
  ];
}
