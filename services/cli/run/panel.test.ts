import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { textWidth } from '../terminal/fit-text.ts';
import { type TerminalLook, terminalLook } from '../terminal/terminal-look.ts';
import { renderPanel } from './panel.ts';
import type { RunSnapshot } from './run-snapshot.ts';
import { endOfRun, middleOfRun } from './snapshot-for-tests.ts';

const lookOf = (columns: number, env: Record<string, string> = { LANG: 'C.UTF-8', NO_COLOR: '1' }): TerminalLook =>
  terminalLook({ isTty: true, columns, env, colorAllowed: true });

const busy: RunSnapshot = {
  ...middleOfRun,
  input: 'a folder/with a very long name indeed/文件的名字很长很长很长.jsonl',
  byCause: { 'invalid-json': 1_000, refused: 900, 'invalid-output': 800, expired: 700 },
  answered: { succeeded: 1_206_214, dead: 3_400 },
  total: 2_000_000,
  parked: { count: 120, why: 'no room under the cap of this run', isOwn: true },
  held: 'breaker',
  unpriced: 7,
  simulated: true,
};

describe('renderPanel', () => {
  it('shows a run in 80 columns', () => {
    assert.equal(
      renderPanel(middleOfRun, lookOf(80)).join('\n'),
      `
 run r_8f2c01d7aa10  requests.jsonl → answers.jsonl             elapsed 00:12:41
 documents   ██████▓▓░░  ✓ 6,214 ok · ↻ 71 retrying · ✗ 3 dead  of 10,000
 stages      read 10,000 → in lane 12 → at provider 19 batches → answered 6,217
 slowest     abcdefgh2345 11 min, 100 documents
             Anthropic reports counts only at the end
 cost        $ 9.41 so far · $ 15.10 projected · cap $ 20.00 · saved $ 9.37
 attention   3 dead letters: 2 invalid-json, 1 refused
 Ctrl-C stops the local engine; batches at the provider go on; the same command
 resumes`.slice(1),
    );
  });

  it('has room for more on a wide terminal', () => {
    const text = renderPanel(middleOfRun, lookOf(140)).join('\n');
    assert.match(text, /waiting 3 batches → at provider 19 batches/);
    assert.match(text, /1,900 at provider/);
    assert.match(text, /saved \$ 9\.37 against individual calls/);
    assert.match(text, /100 documents · Anthropic reports counts only at the end$/m);
  });

  it('tells of creates that lost their reply, not of those under way', () => {
    assert.doesNotMatch(renderPanel(middleOfRun, lookOf(100)).join('\n'), /without a reply/);
    const lost = { ...endOfRun, creating: { batches: 4, oldestMs: 30_000 } };
    assert.match(
      renderPanel(lost, lookOf(100)).join('\n'),
      /attention +⋯ 4 creates without a reply, looked for at the provider for up to 15 min/,
    );
  });

  it('falls back to ASCII', () => {
    const text = renderPanel(busy, lookOf(80, { LANG: 'C', NO_COLOR: '1' }))
      .slice(1)
      .join('\n');
    assert.match(text, /^[\x20-\x7e\n]*$/);
    assert.match(text, /#+=*\.* {2}ok 1,206,214 ok/);
    assert.match(text, /\|\| the provider refuses/);
  });

  for (const width of [40, 60, 80, 100, 132, 200]) {
    it(`has 10 lines at most, none wider than ${width} columns`, () => {
      for (const snapshot of [middleOfRun, endOfRun, busy, { ...busy, role: 'attached' as const }]) {
        for (const env of [{ LANG: 'C.UTF-8' }, { LANG: 'C', NO_COLOR: '1' }]) {
          const lines = renderPanel(snapshot, lookOf(width, env));
          assert.ok(lines.length <= 10, `${lines.length} lines`);
          for (const line of lines) assert.ok(textWidth(line) <= width, `${textWidth(line)}: ${line}`);
        }
      }
    });
  }

  it('never says by colour alone what it says', () => {
    const plain = renderPanel(busy, lookOf(100));
    const colored = renderPanel(busy, lookOf(100, { LANG: 'C.UTF-8', FORCE_COLOR: '1' }));
    assert.deepEqual(
      colored.map(line => stripVTControlCharacters(line)),
      plain,
    );
  });

  it('fills the bar only when everything is answered', () => {
    const almost = { ...endOfRun, answered: { succeeded: 9_996, dead: 3 } };
    assert.match(renderPanel(almost, lookOf(80))[1] ?? '', /█{19}░ /);
    assert.match(renderPanel(endOfRun, lookOf(80))[1] ?? '', /█{20} /);
    const reading = { ...endOfRun, isComplete: false };
    assert.match(renderPanel(reading, lookOf(80))[1] ?? '', /█+░ .*of 10,000 so far/);
  });

  it('says what Ctrl-C does, by role', () => {
    assert.match(
      renderPanel(middleOfRun, lookOf(120)).join('\n'),
      /stops the local engine; batches at the provider go on/,
    );
    assert.match(renderPanel({ ...middleOfRun, role: 'attached' }, lookOf(120)).join('\n'), /only ends this view/);
  });

  it('never shows an unknown price as nothing', () => {
    assert.match(renderPanel({ ...middleOfRun, cost: null }, lookOf(80)).join('\n'), /cost +unknown/);
    assert.match(renderPanel({ ...middleOfRun, cap: null, unpriced: 2 }, lookOf(120)).join('\n'), /price unknown: 2/);
  });

  it('lets a file name do nothing to the screen', () => {
    const [header] = renderPanel({ ...middleOfRun, input: 'a\u001b[2J\nb.jsonl' }, lookOf(80));
    assert.match(header ?? '', /a b\.jsonl/);
  });
});
