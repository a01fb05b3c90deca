import type { CommandContext } from '../command-context.ts';
import { wrapText } from '../terminal/fit-text.ts';
import { openLivePanel } from './live-panel.ts';
import type { RunEnd } from './run-session.ts';
import type { RunSnapshot } from './run-snapshot.ts';
import { type RunResult, renderSummary, summaryJson } from './summary.ts';

/** What a run says while it goes on and when it ends. */
export interface Reporter {
  update(snapshot: RunSnapshot): void;
  finish(end: RunEnd): Promise<void>;
  /** Takes the panel away without a summary. May be called after `finish`. */
  stop(): void;
}

const stopping =
  'stopping the local engine; a second Ctrl-C ends it at once; nothing is lost, but a create under way may then wait 15 min';
const leaving = 'leaving; the process that is the engine goes on';

export async function createReporter(context: CommandContext): Promise<Reporter> {
  const { panelStream: stream, errLook: look, env, isJson } = context;
  const panel = await openLivePanel({ stream, look, env, isJson, now: Date.now });
  const sayStopping = (): void => {
    panel.close();
    const said = role === 'engine' ? stopping : leaving;
    if (!isJson) context.say(`${(look.isTty ? wrapText(said, look.width) : [said]).join('\n')}\n`);
  };
  let role: RunSnapshot['role'] = 'engine';
  context.interrupts().signal.addEventListener('abort', sayStopping, { once: true });
  return {
    update: snapshot => {
      role = snapshot.role;
      panel.show(snapshot);
    },
    async finish({ is, snapshot }) {
      panel.show(snapshot);
      panel.close();
      // Without a signal it was the clock of --wait-timeout that ended the wait.
      const isTimeout = is === 'interrupted' && context.interrupts().exitCode() === null;
      const result: RunResult = { snapshot, end: isTimeout ? 'stopped-waiting' : is, auditVerdict: null };
      if (isJson) await context.out(`${JSON.stringify(summaryJson(result))}\n`);
      else context.say(renderSummary(result, look));
    },
    stop: () => {
      context.interrupts().signal.removeEventListener('abort', sayStopping);
      panel.close();
    },
  };
}
