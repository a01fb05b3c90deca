import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runIdOf } from '#services/cli/run/run-id.ts';
import { auditRun, isClean, type RunAudit } from '#test/support/audit-run.ts';
import { seededRandom } from '#test/support/seeded-random.ts';
import { type Ended, runFlotilla, spawnFlotilla } from '#test/support/spawn-flotilla.ts';
import { makeTemporaryFolder } from '#test/support/temporary-folder.ts';
import { chaosTask, codeOfLine, stateOf, writeChaosProject, writeDocuments } from './chaos-project.ts';
import { CrashSchedule, type Death } from './crash-schedule.ts';

export interface KillRunOptions {
  kills: number;
  /** Documents of one file. When it is finished before its time, the next file follows. */
  documents: number;
  seed: number;
  onProgress?: (text: string) => void;
}

/** What was done to the processes, and what the audit of every file says. */
export interface KillRunReport extends Omit<RunAudit, 'examples'> {
  kills: number;
  random: number;
  named: number;
  /** Kills by crash point. */
  byLabel: Record<string, number>;
  labelsKnown: number;
  files: number;
  seed: number;
  seconds: number;
  examples: string[];
}

/** Then its rest, which is mostly waiting for one create that was never answered, is left to finish. */
const killsPerFileMax = 25;
/** Unkilled, the rest of a file takes seconds; a life this long is stuck. */
const stuckAfterMs = 420_000;

/**
 * Kills `flotilla run` with SIGKILL again and again, at named crash points and at random, and gives the same command each
 * time, until it is done; then counts.
 * @throws Error when a life ends in any other way than it should
 */
export async function killRun(options: KillRunOptions): Promise<KillRunReport> {
  const startedOn = performance.now();
  const series = new KillSeries(options);
  const audits: RunAudit[] = [];
  for (let file = 1; audits.length === 0 || series.kills < options.kills; file++) {
    audits.push(await series.runFile(file));
    options.onProgress?.(`file ${file} answered, ${series.kills} of ${options.kills} kills`);
  }
  const seconds = Math.round((performance.now() - startedOn) / 100) / 10;
  return { ...series.figures(), ...sumOf(audits), seconds };
}

class KillSeries {
  readonly #options: KillRunOptions;
  readonly #schedule: CrashSchedule;
  readonly #byLabel = new Map<string, number>();
  #random = 0;
  #named = 0;

  constructor(options: KillRunOptions) {
    this.#options = options;
    this.#schedule = new CrashSchedule(seededRandom(options.seed));
  }

  get kills(): number {
    return this.#random + this.#named;
  }

  figures(): Pick<KillRunReport, 'kills' | 'random' | 'named' | 'byLabel' | 'labelsKnown' | 'seed'> {
    return {
      kills: this.kills,
      random: this.#random,
      named: this.#named,
      byLabel: Object.fromEntries([...this.#byLabel].sort()),
      labelsKnown: this.#schedule.labelsKnown,
      seed: this.#options.seed,
    };
  }

  /** The folder is gone afterwards, unless something is wrong with it: then it is the evidence. */
  async runFile(file: number): Promise<RunAudit> {
    const folder = makeTemporaryFolder('chaos-file');
    try {
      const counted = await this.#answer(folder.path, file);
      if (isClean(counted)) folder.remove();
      else counted.examples.push(`see ${folder.path}`);
      return counted;
    } catch (cause) {
      throw new Error(`${String(cause)}\nsee ${folder.path}`, { cause });
    }
  }

  async #answer(folder: string, file: number): Promise<RunAudit> {
    writeChaosProject(folder, { seed: this.#options.seed + file });
    const [input, out] = [join(folder, 'in.jsonl'), join(folder, 'answers.jsonl')];
    await writeDocuments(input, { count: this.#options.documents, series: `F${file}` });
    const killsUpTo = Math.min(this.#options.kills, this.kills + killsPerFileMax);
    while (!(await this.#live(folder, killsUpTo))) {
      // killed: the same command again
    }
    const run = await runIdOf(input, chaosTask);
    const counted = await auditRun({ directory: stateOf(folder), run, input, out, codeOf: codeOfLine });
    await compareWithAudit(counted, folder);
    return counted;
  }

  /** One life of the process. @returns true when it has ended by itself: the file is answered */
  async #live(folder: string, killsUpTo: number): Promise<boolean> {
    const kind = this.#named < this.#random ? 'named' : 'random';
    const death = this.kills < killsUpTo ? this.#schedule.next(kind) : null;
    const pointsFile = join(folder, 'crash-points');
    const crashAt = death?.is === 'named' ? { CRASH_AT: `${death.label}:${death.visit}` } : {};
    const args = ['run', 'in.jsonl', '--task', chaosTask, '--json'];
    const child = spawnFlotilla({ args, cwd: folder, env: { CRASH_POINTS_FILE: pointsFile, ...crashAt } });
    const enough = new AbortController();
    const waited = sleep(longestMs(death), 'still alive' as const, { signal: enough.signal });
    const first = await Promise.race([child.ended, waited.catch(() => 'still alive' as const)]);
    enough.abort();
    const isOurKill = first === 'still alive' && child.signal('SIGKILL');
    const ended = await child.ended;
    this.#schedule.learn(readAndRemove(pointsFile));
    if (ended.signal !== 'SIGKILL') return endedWell(ended);
    if (!death) throw new Error(`a run that nobody killed was not done after ${stuckAfterMs / 1_000} s`);
    this.#count(death, isOurKill);
    return false;
  }

  #count(death: Death, isOurKill: boolean): void {
    if (death.is === 'named' && !isOurKill) {
      this.#named += 1;
      this.#byLabel.set(death.label, (this.#byLabel.get(death.label) ?? 0) + 1);
    } else {
      this.#random += 1;
    }
    const how = death.is === 'named' ? `${death.label}, visit ${death.visit}${isOurKill ? ', not reached' : ''}` : '';
    this.#options.onProgress?.(`kill ${this.kills}: ${how || 'at random'}`);
  }
}

/**
 * `flotilla audit` counts the same things with code of its own: the two must agree.
 * @throws Error when they do not
 */
async function compareWithAudit(counted: RunAudit, folder: string): Promise<void> {
  const { code, stdout, stderr } = await runFlotilla({ args: ['audit', '--json'], cwd: folder });
  const said = stdout === '' ? {} : (JSON.parse(stdout) as Record<string, unknown>);
  for (const figure of auditedFigures) {
    if (said[figure] === counted[figure]) continue;
    const examples = counted.examples.join('\n');
    throw new Error(
      `flotilla audit (${code}): ${figure} ${said[figure]}, not ${counted[figure]} ${stderr}\n${examples}`,
    );
  }
}

function longestMs(death: Death | null): number {
  if (!death) return stuckAfterMs;
  return death.is === 'named' ? death.withinMs : death.afterMs;
}

function endedWell({ code, signal, stderr }: Ended): true {
  if (code === 0 || code === 3) return true;
  throw new Error(`flotilla run ended with ${signal ?? code}: ${stderr.slice(-2_000)}`);
}

function readAndRemove(path: string): string[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  rmSync(path);
  return lines;
}

const auditedFigures = [
  'documents',
  'answered',
  'deadLettered',
  'lost',
  'duplicated',
  'boughtTwice',
  'unaccounted',
] as const;
/** `flotilla audit` cannot know which answer a document wants. */
const figures = [...auditedFigures, 'wrong'] as const;

function sumOf(audits: readonly RunAudit[]): RunAudit & { files: number } {
  const sums = figures.map(figure => [figure, audits.reduce((sum, audit) => sum + audit[figure], 0)] as const);
  return {
    ...(Object.fromEntries(sums) as Record<(typeof figures)[number], number>),
    files: audits.length,
    examples: audits.flatMap(audit => audit.examples),
  };
}
