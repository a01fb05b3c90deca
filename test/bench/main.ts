import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { formatAnswers, measureAnswers } from './answers.ts';
import { formatCache, measureCache } from './cache.ts';
import { formatCommandLine, measureCommandLine } from './command-line.ts';
import { formatEstimates, measureEstimates } from './estimate.ts';
import { formatAnswerEstimates, measureAnswerEstimates } from './estimate-answers.ts';
import { formatCachedEstimates, measureCachedEstimates } from './estimate-cached.ts';
import { formatFirstEstimates, measureFirstEstimates } from './estimate-first.ts';
import { formatFleetCalls, measureFleetCalls } from './fleet-calls.ts';
import { formatFleetIntake, measureFleetIntake } from './fleet-intake.ts';
import { formatFleetKillOne, measureFleetKillOne } from './fleet-kill-one.ts';
import { formatFleetMillion, measureFleetMillion } from './fleet-million.ts';
import { formatFleetPoison, measureFleetPoison } from './fleet-poison.ts';
import { formatFleetScale, measureFleetScale } from './fleet-scale.ts';
import { formatFleetThroughput, measureFleetThroughput } from './fleet-throughput.ts';
import { flotillaEntry } from './flotilla-leg.ts';
import type { Leg } from './leg.ts';
import { chooseLegs } from './legs.ts';
import { formatMemory, measureMemory } from './memory.ts';
import { formatPrice, measurePrice } from './price.ts';
import { formatRestart, measureRestart } from './restart.ts';
import { formatThroughput, measureThroughput } from './throughput.ts';

/** Of what is measured while it goes on; the report has stdout to itself. */
const say = (line: string): void => console.error(line);
const nodeModules = resolve(import.meta.dirname, '../../node_modules');
const sharesDefault = [1];
const documentsDefault = [50, 300, 1_000];

interface SharedOptions {
  dir: string;
  json?: boolean;
}

const program = new Command('bench')
  .description('Ratios of flotilla against the loops people write, measured side by side.')
  .exitOverride()
  .configureOutput({
    outputError: (text, write) => write(`${text.trim().replaceAll('\n', ' ')} (npm run bench -- --help)\n`),
  });

shared(program.command('throughput', { isDefault: true }))
  .description('documents/s and CPU per document of every leg, and their ratios')
  .option('--documents <n>', 'documents per run', count, 50_000)
  .option('--runs <n>', 'rounds; each runs every leg once', count, 3)
  .option('--legs <names...>', 'which legs (default: all that exist)')
  .action(async (options: SharedOptions & { documents: number; runs: number; legs?: string[] }) => {
    const { documents, runs: rounds } = options;
    const legs = chooseLegs(options.legs);
    await report(options, {
      measure: directory => measureThroughput({ legs, documents, rounds, directory, onRun: say }),
      format: formatThroughput,
    });
  });

shared(program.command('memory'))
  .description('peak RSS of a large file against a small one, and CPU per document early and late')
  .option('--documents <n>', 'documents in the large file', count, 1_000_000)
  .option('--small <n>', 'documents in the small file, and in the spans that are compared', count, 100_000)
  .option('--leg <name>', 'which leg', 'flotilla')
  .action(async (options: SharedOptions & { documents: number; small: number; leg: string }) => {
    const { documents: largeDocuments, small: smallDocuments } = options;
    const leg = onlyLeg(options.leg);
    await report(options, {
      measure: directory => measureMemory({ leg, smallDocuments, largeDocuments, directory }),
      format: formatMemory,
    });
  });

shared(program.command('restart'))
  .description('time from kill -9 to the first new batch')
  .option('--documents <n>', 'documents bought before the kill', count, 1_000_000)
  .option('--more <n>', 'documents after them', count, 50_000)
  .option('--leg <name>', 'which leg', 'flotilla')
  .action(async (options: SharedOptions & { documents: number; more: number; leg: string }) => {
    const { documents, more: moreDocuments } = options;
    const leg = onlyLeg(options.leg);
    await report(options, {
      measure: directory => measureRestart({ leg, documents, moreDocuments, directory }),
      format: formatRestart,
    });
  });

shared(program.command('cli'))
  .description('--help and validate')
  .option('--documents <n>', 'lines to validate', count, 50_000)
  .option('--runs <n>', 'runs of --help', count, 10)
  .option('--entry <file>', 'the program, as given to node', flotillaEntry)
  .action(async (options: SharedOptions & { documents: number; runs: number; entry: string }) => {
    const { documents: validateDocuments, runs: helpRuns } = options;
    const entry = resolve(options.entry);
    await report(options, {
      measure: directory => measureCommandLine({ entry, helpRuns, validateDocuments, directory }),
      format: formatCommandLine,
    });
  });

shared(program.command('price'))
  .description('what the same documents cost as single calls, as batches, and as batches with the planner, by invoice')
  .option('--documents <n>', 'documents', count, 300)
  .action(async (options: SharedOptions & { documents: number }) => {
    const { documents } = options;
    await report(options, {
      measure: directory => measurePrice({ documents, directory, onRun: say }),
      format: formatPrice,
    });
  });

shared(program.command('answers'))
  .description('hits of both eviction policies on a skewed block trace, and how long a hit takes')
  .option('--entries <n>', 'answers that are kept', count, 1_000)
  .option('--trace <file>', 'a key a line (default: generated, with a seed)')
  .action(async (options: SharedOptions & { entries: number; trace?: string }) => {
    const { entries: entriesMax, trace = null } = options;
    await report(options, { measure: () => measureAnswers({ trace, entriesMax }), format: formatAnswers });
  });

shared(program.command('estimate'))
  .description('what `flotilla estimate` says, before and after answers, against the invoice of the simulator')
  .option('--documents <n>', 'documents in the file that is estimated', count, 1_000)
  .option('--seed <n>', 'which passages of which texts', count, 1)
  .action(async (options: SharedOptions & { documents: number; seed: number }) => {
    const { documents, seed } = options;
    await report(options, {
      measure: directory => measureEstimates({ documents, seed, directory, nodeModules, onRow: say }),
      format: formatEstimates,
    });
  });

shared(program.command('estimate-answers'))
  .description('what is said of tasks that were never answered, against what is billed then')
  .option('--documents <n>', 'documents of each task', count, 300)
  .option('--seed <n>', 'which passages of which texts', count, 1)
  .action(async (options: SharedOptions & { documents: number; seed: number }) => {
    const { documents, seed } = options;
    await report(options, {
      measure: () => measureAnswerEstimates({ documents, seed, nodeModules }),
      format: formatAnswerEstimates,
    });
  });

shared(program.command('estimate-cached'))
  .description('the same of a file behind a long prefix that the planner marks, provider by provider')
  .option('--documents <n>', 'documents in the file that is estimated', count, 1_000)
  .option('--from <n>', 'the first seed, of texts and of the provider', count, 1)
  .option('--seeds <n>', 'how many of them', count, 4)
  .option('--hits <shares...>', 'of the possible cache reads, the share that a provider serves', share, sharesDefault)
  .action(async (options: SharedOptions & { documents: number; from: number; seeds: number; hits: number[] }) => {
    const { documents, from, hits: hitShares } = options;
    const seeds = Array.from({ length: options.seeds }, (_, index) => from + index);
    await report(options, {
      measure: directory => measureCachedEstimates({ documents, seeds, hitShares, directory, nodeModules, onRow: say }),
      format: formatCachedEstimates,
    });
  });

shared(program.command('estimate-first'))
  .description('the same before anything was answered, without a key, by lengths of file and prefix')
  .option('--documents <counts...>', 'documents in the files', eachCount, documentsDefault)
  .option('--seed <n>', 'of texts and of the provider', count, 1)
  .action(async (options: SharedOptions & { documents: number[]; seed: number }) => {
    const { documents, seed } = options;
    await report(options, {
      measure: directory => measureFirstEstimates({ documents, seed, directory, nodeModules, onRow: say }),
      format: formatFirstEstimates,
    });
  });

shared(program.command('cache'))
  .description(
    'what cache markers save of what could be saved, and that they never cost, by the invoice of the simulator',
  )
  .option('--seed <n>', 'of workloads and of the provider', count, 1)
  .option('--each <n>', 'workloads of each size, kind of arrivals and hit share', count, 2)
  .option('--workloads <n>', 'random workloads, unfriendly ones included', count, 1_000)
  .action(async (options: SharedOptions & { seed: number; each: number; workloads: number }) => {
    const { seed, each: workloadsEach, workloads } = options;
    await report(options, {
      measure: async () => measureCache({ seed, workloadsEach, workloads, onProgress: say }),
      format: formatCache,
    });
  });

shared(program.command('fleet'))
  .description('end to end on Kafka and Redis, as a ratio to the same services in memory and to `flotilla run`')
  .option('--documents <n>', 'documents per run', count, 200_000)
  .option('--workers <n>', 'worker processes, each with all roles', count, 2)
  .option('--runs <n>', 'rounds; each runs all three', count, 3)
  .option('--profiles <folder>', 'write CPU profiles of the workers below this folder, which is kept')
  .action(async (options: SharedOptions & { documents: number; workers: number; runs: number; profiles?: string }) => {
    const { documents, workers, runs: rounds, profiles } = options;
    const profileDirectory = profiles === undefined ? undefined : resolve(profiles);
    await report(options, {
      measure: directory =>
        measureFleetThroughput({ documents, workers, rounds, profileDirectory, directory, onRun: say }),
      format: formatFleetThroughput,
    });
  });

shared(program.command('fleet-intake'))
  .description('topic to sealed batches, as a ratio to a bare kafkajs consumer that parses the same records')
  .option('--documents <n>', 'documents per round', count, 90_000)
  .option('--runs <n>', 'rounds', count, 3)
  .action(async (options: SharedOptions & { documents: number; runs: number }) => {
    const { documents, runs: rounds } = options;
    await report(options, {
      measure: directory => measureFleetIntake({ documents, rounds, directory, onRun: say }),
      format: formatFleetIntake,
    });
  });

shared(program.command('fleet-calls'))
  .description('calls to the provider per batch, with many batches open')
  .option('--batches <n>', 'batches open at the same time', count, 1_000)
  .option('--per-batch <n>', 'documents in each', count, 10)
  .option('--workers <n>', 'worker processes, each with all roles', count, 2)
  .option('--life <ms>', 'how long the provider takes for a batch', count, 90_000)
  .action(async (options: SharedOptions & { batches: number; perBatch: number; workers: number; life: number }) => {
    const { batches, perBatch, workers, life: lifeMs } = options;
    await report(options, {
      measure: directory => measureFleetCalls({ batches, perBatch, workers, lifeMs, directory }),
      format: formatFleetCalls,
    });
  });

shared(program.command('fleet-scale'))
  .description('one worker and four, where the latency of the provider is the limit')
  .option('--batches <n>', 'batches for each worker', count, 80)
  .option('--per-batch <n>', 'documents in each', count, 20)
  .option('--create-ms <ms>', 'how long a create takes', count, 500)
  .option('--creates <n>', 'creates at once per worker', count, 2)
  .action(async (options: SharedOptions & { batches: number; perBatch: number; createMs: number; creates: number }) => {
    const { batches: batchesPerWorker, perBatch, createMs, creates: createsAtOnce } = options;
    const workers = [1, 2, 4];
    await report(options, {
      measure: directory =>
        measureFleetScale({ workers, batchesPerWorker, perBatch, createMs, createsAtOnce, directory, onRun: say }),
      format: formatFleetScale,
    });
  });

shared(program.command('fleet-kill-one'))
  .description('kill -9 of one process of each role: until the full rate, and what is left of it meanwhile')
  .option('--documents <n>', 'published before the start; they must last for two minutes', count, 300_000)
  .option('--create-ms <ms>', 'how long a create takes', count, 200)
  .option('--rate <n>', 'published a second instead, so that the fleet has time to spare', count)
  .action(async (options: SharedOptions & { documents: number; createMs: number; rate?: number }) => {
    const { documents, createMs, rate: perSecond = null } = options;
    await report(options, {
      measure: directory => measureFleetKillOne({ documents, createMs, perSecond, directory, onRun: say }),
      format: formatFleetKillOne,
    });
  });

for (const { name, describes, open } of [
  { name: 'fleet-million', describes: 'memory, journal and Redis per document, and the audit', open: 0 },
  { name: 'fleet-cold-start', describes: 'the same, and then a start without Redis and snapshot', open: 10_000 },
]) {
  shared(program.command(name))
    .description(`very many documents through a fleet: ${describes}`)
    .option('--documents <n>', 'documents that are settled', count, 100_000)
    .option('--bytes <n>', 'size of each', count, 2_000)
    .option('--workers <n>', 'worker processes, each with all roles', count, 2)
    .option('--open <n>', 'documents open at the cold start', count, open)
    .action(async (options: SharedOptions & { documents: number; bytes: number; workers: number; open: number }) => {
      const { documents, bytes: documentBytes, workers, open: coldStartOpen } = options;
      await report(options, {
        measure: directory =>
          measureFleetMillion({ documents, documentBytes, workers, coldStartOpen, directory, onProgress: say }),
        format: formatFleetMillion,
      });
    });
}

shared(program.command('fleet-poison'))
  .description('eight kinds of poison among documents in all four compressions')
  .option('--documents <n>', 'records, poison included', count, 100_000)
  .option('--every <n>', 'every so manieth is poison', count, 100)
  .option('--workers <n>', 'worker processes, each with all roles', count, 2)
  .action(async (options: SharedOptions & { documents: number; every: number; workers: number }) => {
    const { documents: records, every: poisonEvery, workers } = options;
    await report(options, {
      measure: directory => measureFleetPoison({ records, poisonEvery, workers, directory }),
      format: formatFleetPoison,
    });
  });

try {
  await program.parseAsync();
} catch (error) {
  // It has said what was wrong; after help nothing was.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}

function shared(command: Command): Command {
  return command
    .option('--dir <path>', 'where runs keep their files; on the disk that is to be measured', tmpdir())
    .option('--json', 'print the report as one JSON object');
}

async function report<T>(
  { dir, json }: SharedOptions,
  { measure, format }: { measure: (directory: string) => Promise<T>; format: (report: T) => string },
): Promise<void> {
  const directory = await mkdtemp(join(dir, 'flotilla-bench-'));
  try {
    const figures = await measure(directory);
    console.log(json ? JSON.stringify(figures) : format(figures));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function onlyLeg(name: string): Leg {
  return chooseLegs([name])[0]!;
}

function count(text: string): number {
  const value = Number(text.replaceAll('_', ''));
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number above 0.');
  return value;
}

/** The first that is given replaces the default. */
function eachCount(text: string, counts: number[]): number[] {
  return counts === documentsDefault ? [count(text)] : [...counts, count(text)];
}

/** As above. */
function share(text: string, shares: number[]): number[] {
  const value = Number(text);
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError('It must be a number from 0 to 1.');
  return shares === sharesDefault ? [value] : [...shares, value];
}
