import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { QueueName } from '#ports/work-queue.ts';

export interface JobTaker {
  /** Ids of the jobs that it has. */
  taken: string[];
  /** Resolves once it is gone, or the signal was sent where it stays. */
  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void>;
}

/** Resolves once the process has taken all that it shall take. */
export async function spawnJobTaker(options: {
  url: string;
  prefix: string;
  queue: QueueName;
  limit: number;
}): Promise<JobTaker> {
  const { url, prefix, queue, limit } = options;
  const script = fileURLToPath(new URL('./job-taker.ts', import.meta.url));
  const args = [script, url, prefix, queue, String(limit)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return {
    taken: JSON.parse(line) as string[],
    async signal(signal) {
      child.kill(signal);
      if (signal === 'SIGKILL') await closed;
    },
  };
}
