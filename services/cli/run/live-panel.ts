import { type TerminalLook, terminalLook } from '../terminal/terminal-look.ts';
import { ChangeLines } from './change-line.ts';
import { renderPanel } from './panel.ts';
import type { RunSnapshot } from './run-snapshot.ts';

const redrawEveryMs = 250;

/** Shows a run while it goes on: a panel on a terminal, a line per change elsewhere, nothing with `--json`. */
export interface LivePanel {
  show(snapshot: RunSnapshot): void;
  /** Draws the last snapshot and leaves it standing. May be called twice. */
  close(): void;
}

export interface LivePanelOptions {
  stream: NodeJS.WriteStream;
  look: TerminalLook;
  env: Readonly<Record<string, string | undefined>>;
  isJson: boolean;
  now: () => number;
}

export async function openLivePanel(options: LivePanelOptions): Promise<LivePanel> {
  if (options.isJson) return { show: () => {}, close: () => {} };
  // A dumb terminal cannot move its cursor.
  return options.look.isTty && options.env.TERM !== 'dumb' ? openPanel(options) : openLines(options);
}

/** The clock goes on between snapshots, so the panel is drawn by a timer of its own. */
async function openPanel({ stream, look, env, now }: LivePanelOptions): Promise<LivePanel> {
  const { createLogUpdate } = await import('log-update'); // slow to load, and only a terminal needs it
  const update = createLogUpdate(stream);
  let latest: RunSnapshot | null = null;
  let shownAt = now();
  const draw = (): void => {
    if (latest === null) return;
    const elapsedMs = latest.elapsedMs + (now() - shownAt);
    // The window may have been resized.
    const current = terminalLook({ isTty: true, columns: stream.columns, env, colorAllowed: look.hasColor });
    update(renderPanel({ ...latest, elapsedMs }, current).join('\n'));
  };
  const timer = setInterval(draw, redrawEveryMs);
  timer.unref();
  let isClosed = false;
  return {
    show: snapshot => {
      const isFirst = latest === null;
      if (isClosed) return;
      latest = snapshot;
      shownAt = now();
      if (isFirst) draw();
    },
    close: () => {
      if (isClosed) return;
      isClosed = true;
      clearInterval(timer);
      draw();
      update.done();
    },
  };
}

function openLines({ stream, now }: LivePanelOptions): LivePanel {
  const lines = new ChangeLines();
  let latest: RunSnapshot | null = null;
  const print = (line: string | null): void => {
    if (line !== null) stream.write(`${line}\n`);
  };
  return {
    show: snapshot => {
      latest = snapshot;
      print(lines.next(snapshot, now()));
    },
    close: () => {
      if (latest !== null) print(lines.next(latest, now(), { isLast: true }));
      latest = null;
    },
  };
}
