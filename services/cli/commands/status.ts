import type { Command } from '../command-context.ts';
import { isEngineRunning } from '../engine-running.ts';
import { exitCodes } from '../exit-codes.ts';
import { loadSettings } from '../load-settings.ts';
import { openState } from '../open-state.ts';
import { renderStatus, type Status, statusJson } from '../status/render-status.ts';
import { surveyLog } from '../status/survey.ts';

/** `flotilla status`: runs, open batches, and whether anybody works on them. Reads the log, and changes nothing. */
export const status = (): Command => async context => {
  const state = openState(await loadSettings(context));
  const { directory, isSimulated } = state;
  try {
    const survey = await surveyLog(state.log);
    const found: Status = {
      survey,
      isEngineRunning: isEngineRunning(directory),
      isSimulated,
      directory,
      now: Date.now(),
    };
    if (context.isJson) await context.out(`${JSON.stringify(statusJson(found))}\n`);
    else await context.out(renderStatus(found, context.outLook));
    return exitCodes.done;
  } finally {
    await state.close();
  }
};
