import { formatRid } from '#core/rid.ts';
import { oneLine } from '../terminal/fit-text.ts';
import { countOf, formatCount } from '../terminal/format-count.ts';
import type { TerminalLook } from '../terminal/terminal-look.ts';
import { type DeadLetter, fixOf } from './dead-letter.ts';

export interface LetterGroup {
  cause: string;
  class: string;
  count: number;
  /** The first of them. */
  samples: DeadLetter[];
}

const samplesMax = 3;
const messageColumnsMax = 200;

/** Dead letters by cause; memory does not grow with their number. */
export class LetterGroups {
  readonly #groups = new Map<string, LetterGroup>();
  total = 0;

  add(letter: DeadLetter): void {
    this.total += 1;
    let group = this.#groups.get(letter.cause);
    if (!group) {
      group = { cause: letter.cause, class: letter.class, count: 0, samples: [] };
      this.#groups.set(letter.cause, group);
    }
    group.count += 1;
    if (group.samples.length < samplesMax) group.samples.push(letter);
  }

  /** Rarest first: the most important stands nearest to the prompt. */
  get groups(): LetterGroup[] {
    return [...this.#groups.values()].sort((a, b) => a.count - b.count);
  }
}

/** What `dead-letters` says. */
export function renderGroups({ groups, total }: LetterGroups, { paint, glyphs }: TerminalLook): string {
  if (total === 0) return `  ${paint('green', `${glyphs.ok} no dead letters`)}\n`;
  const lines = groups.flatMap(({ cause, class: kind, count, samples }) => [
    `${paint('bold', cause)}  ${countOf(count, 'dead letter')}, ${kind}`,
    ...samples.map(letter => `  ${nameOf(letter)}  ${oneLine(letter.message).slice(0, messageColumnsMax)}`),
    ...(count > samples.length ? [`  and ${formatCount(count - samples.length)} more`] : []),
    `  ${paint('green', 'Fix:')} ${fixOf(cause)}`,
    '',
  ]);
  return `${lines.join('\n')}${countOf(total, 'dead letter')}, ${countOf(groups.length, 'cause')}\n`;
}

function nameOf({ rid, customId, line }: DeadLetter): string {
  const place = line === null ? '' : ` line ${line}`;
  return `${formatRid(rid)}${customId === null ? '' : ` "${oneLine(customId).slice(0, 60)}"`}${place}`;
}

/** For programs. */
export const groupsJson = ({ groups, total }: LetterGroups): Record<string, unknown> => ({
  total,
  causes: groups.toReversed().map(({ cause, class: kind, count, samples }) => ({
    cause,
    class: kind,
    count,
    fix: fixOf(cause),
    samples: samples.map(({ rid, run, customId, line, message, attempts, replayCount }) => ({
      rid: formatRid(rid),
      run,
      customId,
      line,
      message,
      attempts,
      replayCount,
    })),
  })),
});
