import type { CommandContext } from '../command-context.ts';
import type { RunEnd } from './run-session.ts';
import type { RunSnapshot } from './run-snapshot.ts';

/** What a run says while it goes on and when it ends. */
export interface Reporter {
  update(snapshot: RunSnapshot): void;
  finish(end: RunEnd): Promise<void>;
  stop(): void;
}

export function createReporter(context: CommandContext): Reporter {
  return {
    update: () => {},
    async finish(end) {
      if (context.isJson) await context.out(`${JSON.stringify(end)}\n`);
    },
    stop: () => {},
  };
}
