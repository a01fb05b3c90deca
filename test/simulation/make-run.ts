import { runSeed } from './run-seed.ts';
import { type Setting, settings } from './settings.ts';
import type { RunReport, RunSpec } from './summary.ts';

export const settingOf = ({ setting, changes }: RunSpec): Setting => ({ ...settings[setting], ...changes });

/** Makes one run and keeps of it what can be sent to another process. */
export async function makeRun(spec: RunSpec): Promise<RunReport> {
  const { seed, single = null } = spec;
  const { violations, fired, hash, creates, passes, visits, ledger } = await runSeed({
    seed,
    setting: settingOf(spec),
    single,
  });
  return { spec, violations, fired, hash, creates, passes, ledger, labels: [...visits] };
}
