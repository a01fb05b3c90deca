import assert from 'node:assert/strict';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { makeTemporaryFolder, type TemporaryFolder } from '#test/support/temporary-folder.ts';
import { Inbox } from './inbox.ts';

let folder: TemporaryFolder;
let now: number;
let taken: string[];
let inbox: Inbox;

beforeEach(() => {
  folder = makeTemporaryFolder('inbox');
  now = 1_000_000;
  taken = [];
  inbox = new Inbox({ folder: folder.path, onFile: path => taken.push(basename(path)), now: () => now });
});
afterEach(() => folder.remove());

/** @param at when it was changed, ms since the epoch */
function write(name: string, text: string, at: number): void {
  const path = join(folder.path, name);
  writeFileSync(path, text);
  utimesSync(path, at / 1_000, at / 1_000);
}

describe('Inbox', () => {
  it('takes a file that has lain there for a second, once', async () => {
    write('a.jsonl', 'x', now - 1_000);
    await inbox.runOnce();
    await inbox.runOnce();
    assert.deepEqual(taken, ['a.jsonl']);
  });

  it('waits while a file is being written', async () => {
    write('a.jsonl', 'x', now);
    await inbox.runOnce();
    now += 900;
    write('a.jsonl', 'xy', now);
    await inbox.runOnce();
    now += 900;
    await inbox.runOnce();
    assert.deepEqual(taken, []);
    now += 100;
    await inbox.runOnce();
    assert.deepEqual(taken, ['a.jsonl']);
  });

  it('takes a changed file again', async () => {
    write('a.jsonl', 'x', now - 5_000);
    await inbox.runOnce();
    write('a.jsonl', 'xyz', now);
    await inbox.runOnce();
    now += 1_000;
    await inbox.runOnce();
    assert.deepEqual(taken, ['a.jsonl', 'a.jsonl']);
  });

  it('looks at nothing but *.jsonl files', async () => {
    write('notes.txt', 'x', 0);
    write('.hidden.jsonl', 'x', 0);
    mkdirSync(join(folder.path, 'folder.jsonl'));
    await inbox.runOnce();
    assert.deepEqual(taken, []);
  });
});
