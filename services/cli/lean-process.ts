/**
 * Bounds of a worker's memory that can only be given at a start: 45 of 425 MB of a busy one (bench fleet-million, 2026-11-24).
 * Half of what V8 takes by itself for what is young: a worker handles buffers, and they live until that is collected.
 */
export const leanFlag = '--max-semi-space-size=16';
/** glibc keeps freed memory for itself, and ever more of it where buffers of a megabyte come and go. Others ignore it. */
export const leanEnvironment = { MALLOC_TRIM_THRESHOLD_: '131072' } as const;

/**
 * Starts this process anew, in its place and under its id, with these bounds. Does nothing where they are given, where a process
 * cannot be replaced, and under the launcher, which gives them itself: its channel would not outlive the replacement.
 */
export function becomeLean(): void {
  const { execPath, execArgv, argv, env } = process;
  const [name = ''] = leanFlag.split('=');
  const isGiven = [...execArgv, env.NODE_OPTIONS ?? ''].some(text => text.includes(name));
  if (isGiven || env.FLOTILLA_LAUNCHER_FD !== undefined || process.platform === 'win32') return;
  process.execve?.(execPath, [execPath, ...execArgv, leanFlag, ...argv.slice(1)], { ...leanEnvironment, ...env });
}
