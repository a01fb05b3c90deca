import type { SimulationArguments } from './parse-arguments.ts';
import { runPool } from './run-pool.ts';
import { replayCommand, specsOf } from './specs-of.ts';

/** Every seed twice, in different processes and neighbourhoods: the same hash, or something leaks between runs. */
export async function reportTwice(args: SimulationArguments): Promise<boolean> {
  const specs = specsOf(args);
  const hashes = new Map<number, string>();
  let different = 0;
  const first = { specs, jobs: args.jobs, onReport: report(hash => hashes.set(hash.seed, hash.hash)) };
  await runPool(first);
  const again = report(({ seed, hash, replay }) => {
    if (hashes.get(seed) === hash) return;
    different += 1;
    console.log(`seed ${seed}: ${hashes.get(seed)} and then ${hash}\n  ${replay}`);
  });
  await runPool({ specs: [...specs].reverse(), jobs: args.jobs, onReport: again });
  console.log(`${specs.length} seeds twice, ${different} with another hash`);
  if (args.isJson) console.log(JSON.stringify({ seeds: specs.length, different }));
  return different === 0;
}

type Hashed = { seed: number; hash: string; replay: string };

const report =
  (act: (hashed: Hashed) => void) =>
  ({ spec, hash }: { spec: Parameters<typeof replayCommand>[0]; hash: string }): void =>
    act({ seed: spec.seed, hash, replay: replayCommand(spec) });
