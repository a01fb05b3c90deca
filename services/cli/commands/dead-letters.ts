import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Command } from '../command-context.ts';
import { readDeadLetters } from '../dead-letters/dead-letter.ts';
import { groupsJson, LetterGroups, renderGroups } from '../dead-letters/letter-groups.ts';
import { exitCodes } from '../exit-codes.ts';
import { fileFault } from '../input/file-fault.ts';
import { loadSettings } from '../load-settings.ts';
import { openState } from '../open-state.ts';
import { checkRun } from '../status/check-run.ts';
import { countOf } from '../terminal/format-count.ts';

export interface DeadLettersOptions {
  run: string | undefined;
  cause?: string;
  export?: string;
}

/** `flotilla dead-letters`: what failed, grouped by cause, with what to do about each. */
export const deadLetters =
  ({ run, cause, export: path }: DeadLettersOptions): Command =>
  async context => {
    const state = await openState(await loadSettings(context));
    try {
      const groups = new LetterGroups();
      const file = path === undefined ? null : await openExport(resolve(context.directory, path));
      for await (const letter of readDeadLetters(state.log, { run: run ?? null, cause: cause ?? null, rids: null })) {
        groups.add(letter);
        await file?.write(`${letter.text}\n`);
      }
      await file?.close();
      if (groups.total === 0) await checkRun(run, state);
      if (context.isJson) await context.out(`${JSON.stringify(groupsJson(groups))}\n`);
      else {
        await context.out(renderGroups(groups, context.outLook));
        if (path !== undefined) context.say(`wrote ${countOf(groups.total, 'line')} to ${path}\n`);
        if (groups.total > 0) context.say(`Next: flotilla replay${run === undefined ? '' : ` ${run}`}\n`);
      }
      return exitCodes.done;
    } finally {
      await state.close();
    }
  };

async function openExport(path: string): ReturnType<typeof open> {
  try {
    return await open(path, 'w');
  } catch (cause) {
    throw new FlotillaError('input-unreadable', {
      where: path,
      why: `it cannot be written: ${fileFault(cause)}`,
      cause,
    });
  }
}
