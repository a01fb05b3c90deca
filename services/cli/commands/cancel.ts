import { encodeJournal } from '#contracts/journal-codec.ts';
import { itemsToSend } from '#core/view.ts';
import type { Command, CommandContext } from '../command-context.ts';
import { exitCodes } from '../exit-codes.ts';
import { loadSettings } from '../load-settings.ts';
import { isAttended, type OpenState, openState } from '../open-state.ts';
import { findRun } from '../status/check-run.ts';
import { stateOfRun, surveyLog } from '../status/survey.ts';
import { countOf } from '../terminal/format-count.ts';

/** `flotilla cancel RUN`: nothing of it is created from here on. What was paid for is still answered. */
export const cancel =
  ({ run }: { run: string }): Command =>
  async context => {
    const state = await openState(await loadSettings(context));
    try {
      return await cancelIn(state, run, context);
    } finally {
      await state.close();
    }
  };

async function cancelIn(state: OpenState, run: string, { isJson, out, say }: CommandContext): Promise<number> {
  const survey = await surveyLog(state.log);
  const { view } = survey;
  const status = findRun(survey, run, state);
  const isDone = stateOfRun(status) === 'done';
  if (!isDone && !status.isCanceled) {
    const record = { key: null, value: encodeJournal({ kind: 'CANCEL', run }), headers: {} };
    await state.log.append({ topic: 'journal', partition: 0, records: [record] });
  }
  const own = [...view.batches.values()].filter(batch => batch.runs.includes(run) && !batch.settled);
  const created = own.filter(({ state: { is } }) => is === 'created' || is === 'intent');
  const documents = created.reduce((sum, batch) => sum + itemsToSend(batch).length, 0);
  if (isJson) {
    const facts = { run, isDone, wasCanceled: status.isCanceled, batchesAtProvider: created.length, documents };
    await out(`${JSON.stringify(facts)}\n`);
  } else if (isDone) {
    say(`${run} is done: there is nothing to cancel\n`);
  } else {
    say(`${status.isCanceled ? 'was canceled before' : 'canceled'}: ${run}\n`);
    say(`  ${countOf(created.length, 'batch')} with ${countOf(documents, 'document')} at the provider are collected\n`);
    const workforce = await state.workforce();
    const next = workforce.is === 'engine' ? 'flotilla run or dev' : 'flotilla worker';
    if (!isAttended(workforce)) say(`  nobody works on it: the next ${next} goes on with it\n`);
  }
  return exitCodes.done;
}
