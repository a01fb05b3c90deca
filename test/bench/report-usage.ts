/**
 * Preloaded with `node --import` into whatever is measured, so that every leg is measured alike and none knows it:
 * at its end the process appends what it used to the file named by BENCH_USAGE_FILE. Appended, because a leg that
 * forks hands this preload on, and the sum is what counts.
 */
import { appendFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const usageFile = process.env.BENCH_USAGE_FILE;

// Worker threads are handed the preload too, but the process's figures already hold theirs.
if (usageFile !== undefined && isMainThread) {
  process.on('exit', () => {
    const { user, system } = process.cpuUsage();
    const usage = { cpuMs: (user + system) / 1_000, rssMb: process.resourceUsage().maxRSS / 1_024 };
    appendFileSync(usageFile, `${JSON.stringify(usage)}\n`);
  });
}
