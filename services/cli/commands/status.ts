import { isConfiguredScope } from '#core/caps/cap-scopes.ts';
import { capProgress } from '#core/cost-report/cost-caps.ts';
import { parkedBatches } from '#runtime/parked-batches.ts';
import type { Command } from '../command-context.ts';
import { exitCodes } from '../exit-codes.ts';
import { loadSettings } from '../load-settings.ts';
import { openState } from '../open-state.ts';
import { renderStatus, type Status, statusJson } from '../status/render-status.ts';
import { surveyLog } from '../status/survey.ts';

/** `flotilla status`: runs, open batches, and who works on them. Reads the log, and changes nothing. */
export const status = (): Command => async context => {
  const state = await openState(await loadSettings(context));
  try {
    const survey = await surveyLog(state.log);
    const now = Date.now();
    const found: Status = {
      survey,
      workforce: await state.workforce(),
      isSimulated: state.simulatedFolder !== null,
      place: state.place,
      caps: capProgress(survey.view, now).filter(({ scope }) => isConfiguredScope(scope)),
      parked: await parkedBatches(state.log, survey.view, { now }),
      now,
    };
    if (context.isJson) await context.out(`${JSON.stringify(statusJson(found))}\n`);
    else await context.out(renderStatus(found, context.outLook));
    return exitCodes.done;
  } finally {
    await state.close();
  }
};
