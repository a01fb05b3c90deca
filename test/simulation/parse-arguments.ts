import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { UsageError, wholeNumberOf } from '#test/support/script-arguments.ts';
import { type SettingName, settingNames } from './settings.ts';

export type Mode = 'seeds' | 'trace' | 'sweep' | 'planted' | 'determinism' | 'ambiguous' | 'results' | 'ledger';

export interface SimulationArguments {
  mode: Mode;
  seeds: number;
  from: number;
  /** Null: the mix, where every seed has a setting of its own. */
  setting: SettingName | null;
  jobs: number;
  isJson: boolean;
  /** One planted fault; null: all of them. */
  planted: string | null;
}

const seedsByMode: Readonly<Record<Mode, number>> = {
  seeds: 500,
  trace: 1,
  sweep: 2,
  planted: 200,
  determinism: 200,
  ambiguous: 400,
  results: 300,
  ledger: 20,
};

export const usage = `npm run sim -- [--seeds N] [--from K] [--setting ${settingNames.join('|')}] [--jobs 2] [--json]
  --trace            what happened in one seed, line by line
  --sweep            one kill and one freeze at every crash point, first 12 visits
  --planted [name]   rules taken away one by one; every one has to be noticed
  --determinism      every seed twice, the same hash
  --ambiguous        10 % of creates unanswered, 5 % late, 5 % refused
  --ledger           the books beside the provider's bill, 500 documents a seed, every fault on
  --results-faults   result streams cut, shuffled, doubled, swapped`;

/** @throws UsageError and those of parseArgs */
export function parseArguments(argv: readonly string[]): SimulationArguments {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      seeds: { type: 'string' },
      from: { type: 'string', default: '1' },
      setting: { type: 'string' },
      jobs: { type: 'string', default: String(Math.min(4, availableParallelism())) },
      json: { type: 'boolean', default: false },
      trace: { type: 'boolean', default: false },
      sweep: { type: 'boolean', default: false },
      planted: { type: 'boolean', default: false },
      determinism: { type: 'boolean', default: false },
      ambiguous: { type: 'boolean', default: false },
      ledger: { type: 'boolean', default: false },
      'results-faults': { type: 'boolean', default: false },
    },
  });
  const { setting } = values;
  if (setting !== undefined && !isSettingName(setting)) throw new UsageError(`no setting ${setting}`);
  const mode = modeOf(values);
  const [positional] = positionals;
  if (positional !== undefined && mode !== 'planted' && mode !== 'determinism')
    throw new UsageError(`nothing to do with ${positional}`);
  const seeds = values.seeds ?? (mode === 'determinism' ? positional : undefined);
  return {
    mode,
    seeds: seeds === undefined ? seedsByMode[mode] : wholeNumberOf('seeds', seeds),
    from: wholeNumberOf('from', values.from),
    setting: setting ?? null,
    jobs: wholeNumberOf('jobs', values.jobs),
    isJson: values.json,
    planted: mode === 'planted' ? (positional ?? null) : null,
  };
}

function modeOf(values: { [name: string]: unknown }): Mode {
  for (const mode of ['trace', 'sweep', 'planted', 'determinism', 'ambiguous', 'ledger'] as const) {
    if (values[mode]) return mode;
  }
  return values['results-faults'] ? 'results' : 'seeds';
}

const isSettingName = (name: string): name is SettingName => (settingNames as readonly string[]).includes(name);
