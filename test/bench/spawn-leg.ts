import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Leg, LegFiles } from './leg.ts';

const preload = fileURLToPath(new URL('./report-usage.ts', import.meta.url));

/** What a process used, by its own account at its end. */
export interface Usage {
  cpuMs: number;
  rssMb: number;
}

/** A measured process. `ended` rejects unless it exits with 0; `killed` waits for its end however it comes. */
export interface MeasuredProcess {
  pid: number;
  startedAtMs: number;
  ended(): Promise<{ wallMs: number; usage: Usage }>;
  kill(): Promise<void>;
}

/** Starts a leg against a responder. Wall time runs from here, so it includes the start of Node. */
export async function spawnLeg({ leg, files, baseUrl }: { leg: Leg; files: LegFiles; baseUrl: string }) {
  const args = [leg.entry, ...(await leg.prepare(files))];
  return spawnMeasured({ args, directory: files.directory, environment: { ANTHROPIC_BASE_URL: baseUrl } });
}

/** Starts Node with the preload that reports its usage. */
export function spawnMeasured(options: {
  args: readonly string[];
  directory: string;
  environment?: NodeJS.ProcessEnv;
}): MeasuredProcess {
  const usageFile = join(options.directory, `usage-${process.hrtime.bigint()}.jsonl`);
  const startedAtMs = Date.now();
  const startedMs = performance.now();
  const child = spawn(process.execPath, ['--import', preload, ...options.args], {
    cwd: options.directory,
    env: { ...cleanEnvironment(), ...options.environment, BENCH_USAGE_FILE: usageFile },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = collectOutput(child);
  const exit = new Promise<{ code: number | null; wallMs: number }>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', code => resolve({ code, wallMs: performance.now() - startedMs }));
  });
  return {
    pid: child.pid!,
    startedAtMs,
    async ended() {
      const { code, wallMs } = await exit;
      if (code !== 0) throw new Error(`${options.args.join(' ')} exited with ${code}:\n${output()}`);
      return { wallMs, usage: await readUsage(usageFile) };
    },
    async kill() {
      child.kill('SIGKILL');
      await exit;
    },
  };
}

/** Nothing of the caller's own account may reach a leg: a benchmark never spends money. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(ANTHROPIC|FLOTILLA|AI_)|_PROXY$/i.test(name));
  return { ...Object.fromEntries(kept), ANTHROPIC_API_KEY: 'sk-ant-bench', NO_COLOR: '1' };
}

/** The last of what it printed, for the message when it fails. */
function collectOutput(child: ChildProcess): () => string {
  let tail = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      tail = (tail + chunk.toString()).slice(-4_000);
    });
  }
  return () => tail;
}

async function readUsage(usageFile: string): Promise<Usage> {
  const lines = (await readFile(usageFile, 'utf8')).trim().split('\n');
  const usages = lines.map(line => JSON.parse(line) as Usage);
  return usages.reduce((sum, each) => ({ cpuMs: sum.cpuMs + each.cpuMs, rssMb: sum.rssMb + each.rssMb }));
}
