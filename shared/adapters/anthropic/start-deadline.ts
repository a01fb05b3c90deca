export interface Deadline {
  signal: AbortSignal;
  /** Starts the time anew, also after a pause. */
  restart(): void;
  /** Stops the time until it is started anew. */
  pause(): void;
  /** Aborts now. */
  abort(): void;
  /** Ends the deadline without aborting. Idempotent. */
  clear(): void;
}

/**
 * Aborts after `ms`, or with the caller's signal. Not `AbortSignal.any`: the listener must be gone with the call,
 * since the caller's signal lives as long as its process.
 */
export function startDeadline(options: { ms: number; signal?: AbortSignal }): Deadline {
  const controller = new AbortController();
  const abort = () => controller.abort();
  let timer = setTimeout(abort, options.ms);
  options.signal?.addEventListener('abort', abort, { once: true });
  if (options.signal?.aborted) abort();
  return {
    signal: controller.signal,
    restart: () => {
      clearTimeout(timer);
      timer = setTimeout(abort, options.ms);
    },
    pause: () => clearTimeout(timer),
    abort,
    clear: () => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', abort);
    },
  };
}
