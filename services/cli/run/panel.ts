import { basename } from 'node:path';
import { formatDollars } from '#core/money.ts';
import { cutEnd, cutStart, firstThatFits, oneLine, textWidth, wrapText } from '../terminal/fit-text.ts';
import { countOf, formatAge, formatClock, formatCount } from '../terminal/format-count.ts';
import type { TerminalLook } from '../terminal/terminal-look.ts';
import { renderBar } from './bar.ts';
import { causesInWords, heldInWords } from './causes-in-words.ts';
import { type RunSnapshot, unansweredCreates } from './run-snapshot.ts';

const labelWidth = 12;
const linesMax = 10;

/** Said as it is: a second command attaches, and nobody has to keep the terminal open. */
const afterInterrupt = {
  engine: 'Ctrl-C stops the local engine; batches at the provider go on; the same command resumes',
  attached: 'another process is the engine; Ctrl-C only ends this view; the same command attaches again',
} as const;

/** The live panel: at most 10 lines, none wider than the terminal. A pure function of the snapshot. */
export function renderPanel(snapshot: RunSnapshot, look: TerminalLook): string[] {
  const { width, paint, glyphs } = look;
  const room = width - labelWidth - 1;
  const row = (label: string, text: string): string =>
    ` ${paint('dim', label.padEnd(labelWidth))}${cutEnd(text, room, glyphs.ellipsis)}`;
  const lines = [
    header(snapshot, look),
    row('documents', documents(snapshot, look, room)),
    row('stages', stages(snapshot, look, room)),
    ...slowest(snapshot, look, room).map((text, index) => row(index === 0 ? 'slowest' : '', text)),
    row('cost', cost(snapshot, look, room)),
    ...attention(snapshot, look, room).map((text, index) => row(index === 0 ? 'attention' : '', text)),
  ];
  const last = wrapText(afterInterrupt[snapshot.role], width - 1).map(text => ` ${paint('dim', text)}`);
  return [...lines.slice(0, linesMax - last.length), ...last];
}

function header(snapshot: RunSnapshot, { width, paint, glyphs }: TerminalLook): string {
  const { run, input, out, elapsedMs, simulated } = snapshot;
  const right = `${simulated ? 'simulated   ' : ''}elapsed ${formatClock(elapsedMs)}`;
  const left = ` run ${run}  `;
  const room = width - left.length - right.length - 2;
  const files = (name: (path: string) => string): string =>
    `${oneLine(name(input))}${out === null ? '' : ` ${glyphs.arrow} ${oneLine(name(out))}`}`;
  const fitting = [files(path => path), files(basename)].find(text => textWidth(text) <= room);
  const shown = room < 8 ? '' : (fitting ?? cutStart(files(basename), room, glyphs.ellipsis));
  const gap = ' '.repeat(Math.max(2, width - left.length - textWidth(shown) - right.length));
  return cutEnd(` run ${paint('bold', run)}  ${shown}${gap}${right}`, width, glyphs.ellipsis);
}

function documents(snapshot: RunSnapshot, look: TerminalLook, room: number): string {
  const { answered, atProvider, retrying, total, isComplete } = snapshot;
  const { glyphs, paint } = look;
  const ok = paint('green', `${glyphs.ok} ${formatCount(answered.succeeded)} ok`);
  const away = `${glyphs.waiting} ${formatCount(atProvider.items)} at provider`;
  const again = retrying > 0 ? [`${glyphs.retrying} ${formatCount(retrying)} retrying`] : [];
  const dead = answered.dead > 0 ? [paint('red', `${glyphs.dead} ${formatCount(answered.dead)} dead`)] : [];
  const of = total === null ? 'reading' : `of ${formatCount(total)}${isComplete ? '' : ' so far'}`;
  const separator = ` ${glyphs.dot} `;
  const full = `${[ok, away, ...again, ...dead].join(separator)}  ${of}`;
  const short = `${[ok, ...again, ...dead].join(separator)}  ${of}`;
  const shortest = `${[ok, ...dead].join(separator)}  ${of}`;
  const withBar = (columns: number, text: string): string => `${renderBar(snapshot, { columns, look })}  ${text}`;
  const variants = [
    withBar(32, full),
    withBar(20, full),
    withBar(20, short),
    withBar(10, short),
    withBar(10, shortest),
  ];
  return firstThatFits([...variants, shortest], room, glyphs.ellipsis);
}

function stages(snapshot: RunSnapshot, { glyphs }: TerminalLook, room: number): string {
  const { total, inLanes, sealedWaiting, atProvider, answered, reusing } = snapshot;
  const done = formatCount(answered.succeeded + answered.dead);
  const arrow = ` ${glyphs.arrow} `;
  const read = `read ${formatCount(total ?? 0)}`;
  const lane = `in lane ${formatCount(inLanes)}`;
  const waiting = sealedWaiting > 0 ? [`waiting ${countOf(sealedWaiting, 'batch')}`] : [];
  const shared = reusing > 0 ? `, ${formatCount(reusing)} share an answer` : '';
  const away = `at provider ${countOf(atProvider.batches, 'batch')}${shared}`;
  return firstThatFits(
    [
      [read, lane, ...waiting, away, `answered ${done}`].join(arrow),
      [read, lane, away, `answered ${done}`].join(arrow),
      [read, away, `answered ${done}`].join(arrow),
    ],
    room,
    glyphs.ellipsis,
  );
}

/** Counts of a running batch are zero until all of it has ended, so none are shown. */
const noCounts = 'Anthropic reports counts only at the end';

function slowest({ slowest: batches }: RunSnapshot, { glyphs }: TerminalLook, room: number): string[] {
  const shown = batches
    .slice(0, 2)
    .map(({ bk, ageMs, items }) => `${bk} ${formatAge(ageMs)}, ${countOf(items, 'document')}`);
  const [first] = shown;
  if (first === undefined) return [];
  const separator = ` ${glyphs.dot} `;
  const both = shown.join(separator);
  const oneRow = [...shown, noCounts].join(separator);
  if (textWidth(oneRow) <= room) return [oneRow];
  return [firstThatFits([both, first], room, glyphs.ellipsis), noCounts];
}

function cost({ cost: sums, cap, unpriced }: RunSnapshot, { glyphs, paint }: TerminalLook, room: number): string {
  if (sums === null) return 'unknown';
  const { billed, individual, projected } = sums;
  const parts = [`${formatDollars(billed)} so far`];
  if (projected !== null && projected > 0) parts.push(`${formatDollars(projected)} projected`);
  const saved = individual - billed;
  const savings = saved >= 0 ? 'saved' : 'more';
  const short = `${savings} ${formatDollars(Math.abs(saved))}`;
  const long = `${short} ${saved >= 0 ? 'against' : 'than'} individual calls`;
  const capped = cap === null ? [] : [`cap ${formatDollars(cap)}`];
  const unknown = unpriced > 0 ? [paint('yellow', `price unknown: ${formatCount(unpriced)}`)] : [];
  const separator = ` ${glyphs.dot} `;
  const join = (...more: string[][]): string => [...parts, ...more.flat()].join(separator);
  return firstThatFits(
    [join(capped, [long], unknown), join(capped, [short], unknown), join([short], unknown), join(unknown)],
    room,
    glyphs.ellipsis,
  );
}

/** What a person may have to do something about; nothing when there is nothing. */
function attention(snapshot: RunSnapshot, { glyphs, paint }: TerminalLook, room: number): string[] {
  const { answered, byCause, parked, held, run } = snapshot;
  const lines: string[] = [];
  if (held !== null) lines.push(paint('yellow', `${glyphs.paused} ${heldInWords(held)}`));
  const unanswered = unansweredCreates(snapshot);
  if (unanswered > 0) {
    const creates = `${glyphs.waiting} ${countOf(unanswered, 'create')} without a reply`;
    const variants = [', looked for at the provider for up to 15 min', ', looked for at the provider', ''];
    lines.push(
      firstThatFits(
        variants.map(text => paint('yellow', creates + text)),
        room,
        glyphs.ellipsis,
      ),
    );
  }
  if (parked) {
    const documentsParked = countOf(parked.count, 'document');
    lines.push(paint('yellow', `${glyphs.paused} ${documentsParked} parked: ${oneLine(parked.why)}`));
  }
  if (answered.dead > 0) {
    const letters = countOf(answered.dead, 'dead letter');
    const command = `  flotilla dead-letters ${run}`;
    const variants = [3, 2, 1].map(shown => `${letters}: ${causesInWords(byCause, shown)}`);
    lines.push(firstThatFits([`${variants[0]}${command}`, ...variants], room, glyphs.ellipsis));
  }
  return lines;
}
