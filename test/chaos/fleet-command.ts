import { fleetBroker } from './fleet-broker.ts';
import { fleetBrokerKill } from './fleet-broker-kill.ts';
import { fleetFreeze } from './fleet-freeze.ts';
import { fleetKill } from './fleet-kill.ts';
import { fleetProxy } from './fleet-proxy.ts';
import { fleetRedis } from './fleet-redis.ts';
import { fleetRoll } from './fleet-roll.ts';
import { runFleetScenario, type Scenario } from './fleet-run.ts';

/** Each with how long its faults last when nobody says otherwise, s. */
const scenarios: readonly (readonly [Scenario, number])[] = [
  [fleetKill, 600],
  [fleetFreeze, 600],
  [fleetRedis, 300],
  [fleetBroker, 300],
  [fleetBrokerKill, 300],
  [fleetProxy, 300],
  [fleetRoll, 60],
];

export const fleetCommands: readonly string[] = scenarios.map(([{ name }]) => name);

export interface FleetCommandOptions {
  /** How long faults last; absent: as long as the scenario says. */
  seconds: number | undefined;
  faultless: number | undefined;
  rate: number | undefined;
  seed: number;
  only: string | undefined;
  isKept: boolean;
}

/** Runs one scenario; its report is the last line on stdout. @returns the exit code: 0 only without any violation */
export async function runFleetCommand(name: string, options: FleetCommandOptions): Promise<0 | 1> {
  const found = scenarios.find(([scenario]) => scenario.name === name);
  if (!found) throw new Error(`${name} is none of ${fleetCommands.join(', ')}`);
  const [scenario, seconds] = found;
  const report = await runFleetScenario(scenario, {
    seconds: options.seconds ?? seconds,
    recoverySeconds: 30,
    faultlessSeconds: options.faultless ?? 20,
    perSecond: options.rate ?? 300,
    seed: options.seed,
    only: options.only,
    isKept: options.isKept,
    onProgress: text => void process.stderr.write(`${text}\n`),
  });
  process.stdout.write(`${JSON.stringify(report)}\n`);
  return report.violations.length === 0 ? 0 : 1;
}
