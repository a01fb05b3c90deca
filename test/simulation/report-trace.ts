import { settingOf } from './make-run.ts';
import type { SimulationArguments } from './parse-arguments.ts';
import { runSeed } from './run-seed.ts';
import { specsOf } from './specs-of.ts';

/** What happened in a seed, line by line: virtual milliseconds first. */
export async function reportTrace(args: SimulationArguments): Promise<boolean> {
  let isClean = true;
  for (const spec of specsOf(args)) {
    const result = await runSeed({ seed: spec.seed, setting: settingOf(spec), isTraced: true });
    for (const line of result.lines ?? []) console.log(line);
    const verdict = result.violations.length === 0 ? 'no violation' : result.violations.join(' | ');
    console.log(`seed ${spec.seed} (${spec.setting}), hash ${result.hash}, ${result.passes} crash points: ${verdict}`);
    isClean &&= result.violations.length === 0;
  }
  return isClean;
}
