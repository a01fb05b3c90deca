import { parseArgs } from 'node:util';
import { UsageError, wholeNumberOf } from '#test/support/script-arguments.ts';
import { type FleetCommandOptions, fleetCommands } from './fleet-command.ts';

export type ChaosArguments =
  | { is: 'kill-run'; kills: number; documents: number; seed: number; isJson: boolean }
  | { is: 'fleet'; command: string; options: FleetCommandOptions };

export const usage = `npm run chaos -- kill-run [--kills 200] [--documents 20000] [--seed N] [--json]
  kills one run over and over, and counts what its files, log and bill say
npm run chaos -- ${fleetCommands.join('|')}
    [--seconds N] [--faultless N] [--rate N] [--seed N] [--only TEXT] [--keep]
  --seconds     how long faults last
  --faultless   seconds without any before them (default: 20)
  --rate        documents a second (default: 300)
  --only        only faults with this in their name
  --keep        leave the folder of the fleet where it is`;

/** @throws UsageError and those of parseArgs */
export function parseArguments(argv: readonly string[]): ChaosArguments {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      kills: { type: 'string', default: '200' },
      documents: { type: 'string', default: '20000' },
      seed: { type: 'string', default: '1' },
      seconds: { type: 'string' },
      faultless: { type: 'string' },
      rate: { type: 'string' },
      only: { type: 'string' },
      keep: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const [command, other] = positionals;
  if (other !== undefined) throw new UsageError(`one command at a time, and not also ${other}`);
  const seed = wholeNumberOf('seed', values.seed);
  if (command === 'kill-run') {
    const [kills, documents] = [wholeNumberOf('kills', values.kills), wholeNumberOf('documents', values.documents)];
    return { is: 'kill-run', kills, documents, seed, isJson: values.json };
  }
  if (command === undefined) throw new UsageError('no command');
  if (!fleetCommands.includes(command)) throw new UsageError(`no command ${command}`);
  const optional = (flag: 'seconds' | 'faultless' | 'rate'): number | undefined => {
    const text = values[flag];
    return text === undefined ? undefined : wholeNumberOf(flag, text);
  };
  const { only, keep: isKept } = values;
  const [seconds, faultless, rate] = [optional('seconds'), optional('faultless'), optional('rate')];
  return { is: 'fleet', command, options: { seconds, faultless, rate, seed, only, isKept } };
}
