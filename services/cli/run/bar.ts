import type { TerminalLook } from '../terminal/terminal-look.ts';
import type { RunSnapshot } from './run-snapshot.ts';

type Counts = Pick<RunSnapshot, 'answered' | 'atProvider' | 'total' | 'isComplete'>;

/**
 * Answered, at the provider, not there yet. It counts answers that are in the log, never what a provider reports, and is
 * full only when nothing is missing.
 */
export function renderBar(counts: Counts, { columns, look }: { columns: number; look: TerminalLook }): string {
  const { answered, atProvider, total, isComplete } = counts;
  const { glyphs, paint } = look;
  const done = answered.succeeded + answered.dead;
  const all = Math.max(total ?? 0, done);
  const isFull = isComplete && done >= all;
  const of = (count: number): number => (all === 0 ? 0 : Math.floor((count / all) * columns));
  const doneColumns = isFull ? columns : Math.min(of(done), columns - 1);
  const awayColumns = Math.min(of(done + atProvider.items) - of(done), columns - doneColumns);
  const restColumns = columns - doneColumns - awayColumns;
  return [
    paint('green', glyphs.barDone.repeat(doneColumns)),
    paint('cyan', glyphs.barAtProvider.repeat(awayColumns)),
    glyphs.barRest.repeat(restColumns),
  ].join('');
}
