import type { SimulationArguments } from './parse-arguments.ts';
import { type Setting, settingOfSeed } from './settings.ts';
import type { RunReport, RunSpec } from './summary.ts';

/** The runs that a command line asks for. */
export function specsOf(
  { from, seeds, setting }: Pick<SimulationArguments, 'from' | 'seeds' | 'setting'>,
  changes?: Partial<Setting>,
): RunSpec[] {
  return Array.from({ length: seeds }, (_, index) => {
    const seed = from + index;
    return { seed, setting: setting ?? settingOfSeed(seed), changes };
  });
}

/** The command that shows what happened in a run. */
export const replayCommand = ({ seed, setting }: RunSpec): string =>
  `npm run sim -- --trace --from ${seed} --setting ${setting}`;

export const formatViolating = ({ spec, violations }: RunReport): string =>
  `seed ${spec.seed} (${spec.setting}): ${violations.join(' | ')}\n  ${replayCommand(spec)}`;
