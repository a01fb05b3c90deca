import { Command as CommanderCommand, CommanderError, Option } from 'commander';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Command } from './command-context.ts';
import type { GlobalFlags } from './open-context.ts';
import {
  checkFailureAllowance,
  parseCostKeys,
  parseCount,
  parseDay,
  parseDuration,
  parsePort,
  parseSampleSize,
  parseShare,
} from './parse-flags.ts';
import { version } from './version.ts';

export interface CommandLine {
  /** Help and version, to stdout. */
  print(text: string): void;
  /** Loads and runs a command. Loading is lazy: `--help` must not wait for providers and databases. */
  perform(load: () => Promise<Command>, flags: GlobalFlags): Promise<number>;
}

/**
 * Runs what `args` ask for.
 * @returns the exit code
 * @throws FlotillaError invalid-usage, with a suggestion where one is near
 */
export async function parseCommandLine(args: readonly string[], line: CommandLine): Promise<number> {
  let exitCode = 0;
  const perform = async (command: CommanderCommand, load: () => Promise<Command>): Promise<void> => {
    exitCode = await line.perform(load, command.optsWithGlobals<GlobalFlags>());
  };
  const program = createProgram(perform);
  for (const command of [program, ...descendants(program)]) {
    command.exitOverride().configureOutput({ writeOut: line.print, writeErr: () => {}, outputError: () => {} });
  }
  try {
    if (args.length === 0) program.outputHelp();
    else await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw toUsageError(error, args);
  }
  return exitCode;
}

const descendants = (command: CommanderCommand): CommanderCommand[] =>
  command.commands.flatMap(child => [child, ...descendants(child)]);

/** Commander writes two lines: what is wrong, and `(Did you mean --json?)`. */
function toUsageError({ message }: CommanderError, args: readonly string[]): FlotillaError {
  const [first = '', hint] = message.replace(/^error: /, '').split('\n');
  const near = /\(Did you mean (?:one of )?(.+)\?\)/.exec(hint ?? '')?.[1];
  const name = args.find(arg => !arg.startsWith('-'));
  const known = commandNames.has(name ?? '') ? `flotilla help ${name}` : 'flotilla help';
  return new FlotillaError('invalid-usage', {
    where: `flotilla ${args.join(' ')}`,
    why: near === undefined ? first : `${first}; did you mean ${near}?`,
    fix: known,
  });
}

type Perform = (command: CommanderCommand, load: () => Promise<Command>) => Promise<void>;

const commandNames = new Set<string>();

function createProgram(perform: Perform): CommanderCommand {
  const program = new CommanderCommand('flotilla')
    .description('Sends documents to language models at batch price: one answer each, whatever crashes.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
    .option('--json', 'print one JSON object on stdout, and no talk')
    .option('--no-color', 'no colours (NO_COLOR and FORCE_COLOR are honoured too)')
    .option('--config <file>', 'configuration file (default: flotilla.config.ts here or above)')
    .option('--state <folder>', 'state folder (default: .flotilla beside the configuration)')
    .showSuggestionAfterError(true)
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false });
  addWork(program, perform);
  addLook(program, perform);
  addRepair(program, perform);
  addReconcile(program, perform);
  addSetup(program, perform);
  for (const { name } of program.commands.map(command => ({ name: command.name() }))) commandNames.add(name);
  return program.addHelpText('after', '\nStart with:  flotilla validate FILE   then   flotilla run FILE\n');
}

function addWork(program: CommanderCommand, perform: Perform): void {
  program.commandsGroup('Work:');
  program
    .command('run')
    .description('answer every document of a file; the same command again resumes or attaches')
    .argument('<file>', 'JSON lines; - reads standard input')
    .option('--task <name>', 'task of documents that name none')
    .option('-o, --out <file>', 'where answers are written', 'answers.jsonl')
    .option('--dead-letters <file>', 'where dead letters are repeated', 'dead.jsonl')
    .option('--max-cost <dollars>', 'never spend more; what would exceed it is parked')
    .option('--run-id <name>', 'name of the run, for standard input')
    .addOption(
      new Option('--allow-failures <count or share>', 'end with 0 although so many failed: 10 or 2%').argParser(
        checkFailureAllowance,
      ),
    )
    .addOption(
      new Option('--wait-timeout <time>', 'stop waiting after this time: 90s, 10m, 2h').argParser(parseDuration),
    )
    .action((file: string, options, command) =>
      perform(command, async () => (await import('./commands/run.ts')).run({ file, ...options })),
    );
  program
    .command('validate')
    .description('check files without a single network call')
    .argument('<file...>', 'JSON lines; - reads standard input')
    .option('--task <name>', 'task of documents that name none')
    .option('--all', 'print every line with a problem, not only the first few')
    .action((files: string[], options, command) =>
      perform(command, async () => (await import('./commands/validate.ts')).validate({ files, ...options })),
    );
  program
    .command('estimate')
    .description('what a file will cost: individually and as batches')
    .argument('<file>', 'JSON lines; - reads standard input')
    .option('--task <name>', 'task of documents that name none')
    .addOption(
      new Option('--exact <count>', 'have the provider count the tokens of so many requests, for free').argParser(
        parseSampleSize,
      ),
    )
    .action((file: string, options, command) =>
      perform(command, async () => (await import('./commands/estimate.ts')).estimate({ file, ...options })),
    );
  program
    .command('dev')
    .description('stay up: run every file put into the inbox, serve /healthz and /readyz')
    .option('--inbox <folder>', 'folder to watch')
    .option('--task <name>', 'task of documents that name none')
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .addOption(new Option('--port <number>', 'port to listen on (default: 7070)').argParser(parsePort))
    .action((options, command) => perform(command, async () => (await import('./commands/dev.ts')).dev(options)));
  program
    .command('produce')
    .description('publish a file to a fleet, and wait for no answer')
    .argument('<file>', 'JSON lines; - reads standard input')
    .option('--task <name>', 'task of documents that name none')
    .option('--topic <name>', 'topic of documents (default: <prefix>.documents.v1)')
    .option('--run <name>', 'follow, cap and cancel them together, by this name')
    .addOption(
      new Option('--key-from <field>', 'key of the records').choices(['custom_id', 'none']).default('custom_id'),
    )
    .option('--once', 'buy each line once, however often this file is published')
    .action((file: string, options, command) =>
      perform(command, async () => (await import('./commands/produce.ts')).produce({ file, ...options })),
    );
  program
    .command('worker')
    .description('one process of a fleet on Kafka and Redis; any number of them share the work')
    .option('--roles <names>', 'accumulator, submitter, poller, sweeper; with commas (default: all)')
    .option('--name <name>', 'name on screens and in logs (default: host and process id)')
    .option('--host <address>', 'address that health and metrics are served on (default: 127.0.0.1)')
    .addOption(new Option('--port <number>', 'port of it; 0 takes any free one (default: 7070)').argParser(parsePort))
    .action((options, command) => perform(command, async () => (await import('./commands/worker.ts')).worker(options)));
}

function addLook(program: CommanderCommand, perform: Perform): void {
  program.commandsGroup('Look:');
  program
    .command('status')
    .description('runs, open batches and what holds them back')
    .action((_options, command) => perform(command, async () => (await import('./commands/status.ts')).status()));
  program
    .command('console')
    .description('screens in a browser: lanes, batches, dead letters, cost, workers')
    .option('--host <address>', 'address to listen on; others than loopback need console.token (default: 127.0.0.1)')
    .addOption(new Option('--port <number>', 'port; 0 takes any free one (default: 7080)').argParser(parsePort))
    .action((options, command) =>
      perform(command, async () => (await import('./commands/console.ts')).showConsole(options)),
    );
  program
    .command('cost')
    .description('what was bought, for whom, what it would have cost otherwise, and how full caps are')
    .addOption(
      new Option('--by <names>', 'of task, tenant, model, day; with commas')
        .default(['task'], 'task')
        .argParser(parseCostKeys),
    )
    .addOption(new Option('--since <day>', 'from this day on, such as 2026-11-24 (UTC)').argParser(parseDay))
    .addOption(new Option('--until <day>', 'to this day').argParser(parseDay))
    .option('--focus <file>', 'write it as a FinOps FOCUS 1.2 CSV too; - prints only that')
    .action((options, command) => perform(command, async () => (await import('./commands/cost.ts')).cost(options)));
  addCache(program, perform);
  program
    .command('tune')
    .description('how high max_tokens of each task has to be, by the answers there were')
    .addOption(new Option('--risk <share>', 'answers that may be cut').default(0.01, '1%').argParser(parseShare))
    .action((options, command) => perform(command, async () => (await import('./commands/tune.ts')).tune(options)));
  program
    .command('dead-letters')
    .description('what failed, grouped by cause')
    .argument('[run]', 'only of this run')
    .option('--cause <code>', 'only with this cause')
    .option('--export <file>', 'write them to a file, one JSON line each')
    .action((run: string | undefined, options, command) =>
      perform(command, async () => (await import('./commands/dead-letters.ts')).deadLetters({ run, ...options })),
    );
  program
    .command('audit')
    .description('count lost, duplicated, bought twice, unaccounted; 0 only when clean')
    .option('--invoice <url or file>', 'what a simulator has billed (default: that of the configured address)')
    .action((options, command) => perform(command, async () => (await import('./commands/audit.ts')).audit(options)));
}

function addCache(program: CommanderCommand, perform: Perform): void {
  const cache = program.command('cache').description('what need not be bought again');
  cache
    .command('stats', { isDefault: true })
    .description('answers that were given again: how many, and what that has saved')
    .option('--task <name>', 'only of this task')
    .action((options, command) =>
      perform(command, async () => (await import('./commands/cache-stats.ts')).cacheStats(options)),
    );
  cache
    .command('explain')
    .description('which cache markers these documents would get, and why; buys nothing')
    .argument('<file or task>', 'JSON lines, - for standard input; or the name of a task')
    .option('--task <name>', 'task of documents that name none')
    .action((of: string, options, command) =>
      perform(command, async () => (await import('./commands/cache-explain.ts')).cacheExplain({ of, ...options })),
    );
}

function addRepair(program: CommanderCommand, perform: Perform): void {
  program.commandsGroup('Repair:');
  program
    .command('replay')
    .description('send dead letters again; without --yes only says which and at what price')
    .argument('[run]', 'only of this run')
    .option('--cause <code>', 'only with this cause')
    .option('--rid <rid...>', 'only these records, such as 0/17')
    .addOption(new Option('--limit <count>', 'at most so many').argParser(parseCount))
    .option('--yes', 'send them, and wait for their answers')
    .option('-o, --out <file>', 'where answers of the replay are written', 'replayed.jsonl')
    .option('--dead-letters <file>', 'where its dead letters are repeated', 'replayed-dead.jsonl')
    .action((run: string | undefined, options, command) =>
      perform(command, async () => (await import('./commands/replay.ts')).replay({ run, ...options })),
    );
  program
    .command('cancel')
    .description('close what is not created yet, and collect the rest')
    .argument('<run>', 'as `flotilla status` names it')
    .action((run: string, _options, command) =>
      perform(command, async () => (await import('./commands/cancel.ts')).cancel({ run })),
    );
}

function addReconcile(program: CommanderCommand, perform: Perform): void {
  program
    .command('reconcile')
    .description("make the books the bill: what the provider's usage report has and nobody was shown")
    .action((_options, command) => perform(command, async () => (await import('./commands/reconcile.ts')).reconcile()));
}

function addSetup(program: CommanderCommand, perform: Perform): void {
  program.commandsGroup('Set up:');
  program
    .command('init')
    .description('write flotilla.config.ts and .env.example')
    .option('--force', 'overwrite what is there')
    .action((options, command) => perform(command, async () => (await import('./commands/init.ts')).init(options)));
  const config = program.command('config').description('the configuration in force');
  config
    .command('print', { isDefault: true })
    .description('print every setting; secrets are masked')
    .option('--sources', 'and where each value came from')
    .action((options, command) =>
      perform(command, async () => (await import('./commands/config.ts')).configPrint(options)),
    );
  config
    .command('docs')
    .description('print the table of all settings')
    .action((_options, command) => perform(command, async () => (await import('./commands/config.ts')).configDocs()));
  program
    .command('doctor')
    .description('check configuration, state, key, clock and disk; of a fleet also Kafka, Redis and workers')
    .action((_options, command) => perform(command, async () => (await import('./commands/doctor.ts')).doctor()));
  program
    .command('simulator')
    .description('serve a simulated Anthropic API; prints its base URL, and runs until Ctrl-C')
    .addOption(new Option('--port <number>', 'port to listen on; 0 takes any free one').default(0).argParser(parsePort))
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--dir <folder>', 'keep its state here (default: in memory)')
    .option('--seed <number>', 'same seed, same answers')
    .option('--time-scale <number>', 'how many times faster than ours its time runs')
    .option('--latency-min-ms <ms>', 'shortest life of a batch')
    .option('--latency-max-ms <ms>', 'longest life of a batch')
    .option('--provider-like', 'lives of batches as long as the real ones')
    .option('--cache-hit-share <share>', 'share of cache reads that find an entry that is there, 0 to 1 (default: 1)')
    .option('--faults <json>', 'faults to make, by kind')
    .action((options, command) =>
      perform(command, async () => (await import('./commands/simulator.ts')).simulator(options)),
    );
  program
    .command('help')
    .description('print help: of a command, or of exit-codes')
    .argument('[topic]', 'a command, or exit-codes')
    .action((topic: string | undefined, _options, command) =>
      perform(command, async () => (await import('./commands/help.ts')).help({ topic, program })),
    );
}
