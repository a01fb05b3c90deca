import { enableCompileCache } from 'node:module';

// Stripping types and compiling is half of a short command: all of ours is imported after this line, from the cache.
enableCompileCache();

/** The command line. Sets the exit code and returns; whatever a command started it has stopped by then. */
export async function main(args: readonly string[]): Promise<void> {
  const isWorker = args[0] === 'worker';
  if (isWorker) (await import('./lean-process.ts')).becomeLean();
  endWithLauncher();
  const [{ runCommandLine }, { holdHeap, workerOldBytesFree }] = await Promise.all([
    import('./run-command-line.ts'),
    import('./hold-heap.ts'),
  ]);
  holdHeap(isWorker ? { oldBytesFree: workerOldBytesFree } : {});
  await runCommandLine(args);
}

/**
 * Under the launcher this is a second process: should the launcher be killed, this one must not go on unseen. The
 * launcher holds the other end of the channel until it ends, however it ends.
 */
function endWithLauncher(): void {
  const fd = Number(process.env.FLOTILLA_LAUNCHER_FD);
  delete process.env.FLOTILLA_LAUNCHER_FD;
  if (!Number.isInteger(fd) || fd < 3) return;
  void import('node:net').then(({ Socket }) => {
    const channel = new Socket({ fd, readable: true, writable: false });
    channel.on('close', () => process.kill(process.pid, 'SIGKILL')).on('error', () => {});
    channel.resume().unref();
  });
}

if (import.meta.main) await main(process.argv.slice(2));
