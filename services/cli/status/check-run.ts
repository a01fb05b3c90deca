import { quoted, suggestion } from '#contracts/nearest-name.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { OpenState } from '../open-state.ts';
import { surveyLog } from './survey.ts';

type Survey = Awaited<ReturnType<typeof surveyLog>>;

/** @throws FlotillaError not-found, with the name that was meant if one is near */
export function findRun({ runs }: Survey, run: string, { place }: OpenState): Survey['runs'][number] {
  const status = runs.find(({ run: name }) => name === run);
  if (status) return status;
  const names = runs.map(({ run: name }) => name);
  throw new FlotillaError('not-found', {
    where: place,
    why: `there is no run ${quoted(run)}${suggestion(run, names)}`,
  });
}

/** Finding nothing of a run that does not exist is no good news. @throws FlotillaError not-found */
export async function checkRun(run: string | undefined, state: OpenState): Promise<void> {
  if (run !== undefined) findRun(await surveyLog(state.log), run, state);
}
