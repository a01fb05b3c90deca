import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { terminalLook } from './terminal-look.ts';

const look = (options: { isTty?: boolean; env?: Record<string, string>; colorAllowed?: boolean; columns?: number }) =>
  terminalLook({
    isTty: options.isTty ?? true,
    columns: options.columns,
    env: options.env ?? {},
    colorAllowed: options.colorAllowed ?? true,
  });

describe('terminalLook', () => {
  it('has colours on a terminal only', () => {
    assert.equal(look({}).hasColor, true);
    assert.equal(look({ isTty: false }).hasColor, false);
  });

  it('has none after NO_COLOR, TERM=dumb and --no-color', () => {
    assert.equal(look({ env: { NO_COLOR: '1' } }).hasColor, false);
    assert.equal(look({ env: { TERM: 'dumb' } }).hasColor, false);
    assert.equal(look({ colorAllowed: false, env: { FORCE_COLOR: '1' } }).hasColor, false);
  });

  it('takes an empty NO_COLOR for none', () => assert.equal(look({ env: { NO_COLOR: '' } }).hasColor, true));

  it('has them where FORCE_COLOR says so, and not where it says 0', () => {
    assert.equal(look({ isTty: false, env: { FORCE_COLOR: '1', NO_COLOR: '1' } }).hasColor, true);
    assert.equal(look({ env: { FORCE_COLOR: '0' } }).hasColor, false);
  });

  it('is 80 columns wide where nobody knows', () => {
    assert.equal(look({}).width, 80);
    assert.equal(look({ columns: 132 }).width, 132);
    assert.equal(look({ columns: 3 }).width, 40);
  });

  it('uses ASCII unless the locale is UTF-8', () => {
    assert.equal(look({ env: { LANG: 'en_US.UTF-8' } }).glyphs.ok, '✓');
    assert.equal(look({ env: { LANG: 'C.utf8' } }).glyphs.ok, '✓');
    assert.equal(look({ env: { LANG: 'C' } }).glyphs.ok, 'ok');
    assert.equal(look({ env: { LANG: 'en_US.UTF-8', LC_ALL: 'C' } }).glyphs.ok, 'ok');
    assert.equal(look({}).glyphs.ok, 'ok');
  });
});
