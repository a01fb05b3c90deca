import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { runIdOf } from '#services/cli/run/run-id.ts';
import { auditRun, type RunAudit } from '#test/support/audit-run.ts';
import { type SpawnedFlotilla, spawnFlotilla } from '#test/support/spawn-flotilla.ts';
import { makeTemporaryFolder } from '#test/support/temporary-folder.ts';
import { waitUntil } from '#test/support/wait-until.ts';
import { chaosTask, codeOfLine, stateOf, writeChaosProject, writeDocuments } from './chaos-project.ts';

/** A project of its own with files of documents, and commands that answer them. */
export interface ChaosRun {
  folder: string;
  /** Starts `flotilla run NAME.jsonl`; its answers go to `OUT.jsonl`, by default `NAME-answers.jsonl`. */
  start(name: string, options?: { env?: Record<string, string>; out?: string }): SpawnedFlotilla;
  /** Starts one that stops at a crash point (`label:visit`), and waits until it has; `SIGCONT` lets it go on. */
  startFrozen(name: string, point: string, options?: { out?: string }): Promise<SpawnedFlotilla>;
  /** Waits for the first answers in a file. */
  waitForAnswers(out: string): Promise<void>;
  audit(name: string, out?: string): Promise<RunAudit>;
  /** Ends what still runs: after a failed test it would go on in a folder that is gone. */
  remove(): Promise<void>;
}

/**
 * Without faults of the provider: what is tried here lies in our own processes.
 * @param files how many documents each file has, by name
 */
export async function makeChaosRun(files: Readonly<Record<string, number>>): Promise<ChaosRun> {
  const { path: folder, remove } = makeTemporaryFolder('chaos');
  writeChaosProject(folder, { seed: null });
  const started: SpawnedFlotilla[] = [];
  const pathOf = (name: string): string => join(folder, `${name}.jsonl`);
  for (const [name, count] of Object.entries(files)) await writeDocuments(pathOf(name), { count, series: name });
  const start: ChaosRun['start'] = (name, { env = {}, out = `${name}-answers` } = {}) => {
    const outputs = ['--out', `${out}.jsonl`, '--dead-letters', `${out}-dead.jsonl`];
    const args = ['run', `${name}.jsonl`, '--task', chaosTask, ...outputs];
    const command = spawnFlotilla({ args, cwd: folder, env });
    started.push(command);
    return command;
  };
  return {
    folder,
    start,
    async startFrozen(name, point, options = {}) {
      const passed = join(folder, 'crash-points');
      const command = start(name, { ...options, env: { FREEZE_AT: point, CRASH_POINTS_FILE: passed } });
      const isThere = (): boolean => existsSync(passed) && readFileSync(passed, 'utf8').includes(`${point}\n`);
      await waitUntil(`${point} passed`, isThere);
      return command;
    },
    waitForAnswers: out =>
      waitUntil(`answers in ${out}.jsonl`, () => existsSync(pathOf(out)) && statSync(pathOf(out)).size > 0),
    async audit(name, out = `${name}-answers`) {
      const run = await runIdOf(pathOf(name), chaosTask);
      return auditRun({ directory: stateOf(folder), run, input: pathOf(name), out: pathOf(out), codeOf: codeOfLine });
    },
    async remove() {
      for (const command of started) if (!command.hasEnded()) command.signal('SIGKILL');
      for (const { ended } of started) await ended;
      remove();
    },
  };
}
