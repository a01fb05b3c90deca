import { type Calibration, coldCalibration } from '#core/estimate/calibration.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { LoadedConfig } from '#runtime/config/load-config.ts';
import { learnFromAnswers } from '#runtime/learn-from-answers.ts';
import { openState } from '../open-state.ts';
import { timeScaleOf } from '../time-scale.ts';

/**
 * What the answers in the log tell about tokens. Where nothing was run yet, nothing; what cannot be read is told, because an
 * estimate is worth having all the same.
 */
export async function learnedSoFar(settings: LoadedConfig, say: (text: string) => void): Promise<Calibration> {
  try {
    const state = await openState(settings);
    try {
      const learned = await learnFromAnswers(state.log);
      learned.lessons.timeScale = timeScaleOf(settings);
      return learned;
    } finally {
      await state.close();
    }
  } catch (error) {
    if (!(error instanceof FlotillaError)) throw error;
    if (error.code !== 'not-found')
      say(`answers so far cannot be read, and nothing is learned from them: ${error.message}\n`);
    return coldCalibration;
  }
}
