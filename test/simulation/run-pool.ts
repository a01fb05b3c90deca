import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { RunReport, RunSpec } from './summary.ts';

export interface PoolOptions {
  specs: readonly RunSpec[];
  jobs: number;
  planted?: string | undefined;
  onReport: (report: RunReport) => void;
  /** True: enough is known, no more runs. */
  isEnough?: () => boolean;
}

const processFile = fileURLToPath(new URL('./run-process.ts', import.meta.url));

/** Makes runs in processes of their own, side by side. */
export async function runPool({ specs, jobs, planted, onReport, isEnough = () => false }: PoolOptions): Promise<void> {
  const left = specs.values();
  const take = (): RunSpec | undefined => (isEnough() ? undefined : left.next().value);
  const count = Math.max(1, Math.min(jobs, specs.length));
  await Promise.all(Array.from({ length: count }, () => serve(planted, take, onReport)));
}

function serve(
  planted: string | undefined,
  take: () => RunSpec | undefined,
  onReport: (report: RunReport) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child: ChildProcess = fork(processFile, planted === undefined ? [] : [planted], { execArgv: [] });
    child.on('error', reject);
    child.on('exit', code => (code === 0 ? resolve() : reject(new Error(`a run process ended with ${code}`))));
    child.on('message', (message: 'ready' | RunReport) => {
      if (message !== 'ready') onReport(message);
      const spec = take();
      if (spec) child.send(spec);
      else child.disconnect();
    });
  });
}
