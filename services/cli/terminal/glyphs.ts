/** Signs that carry the meaning by themselves: colour is never alone. */
export interface Glyphs {
  ok: string;
  waiting: string;
  retrying: string;
  dead: string;
  paused: string;
  arrow: string;
  dot: string;
  ellipsis: string;
  /** Bar: answered, at the provider, not there yet. */
  barDone: string;
  barAtProvider: string;
  barRest: string;
}

const unicode: Glyphs = {
  ok: '✓',
  waiting: '⋯',
  retrying: '↻',
  dead: '✗',
  paused: '‖',
  arrow: '→',
  dot: '·',
  ellipsis: '…',
  barDone: '█',
  barAtProvider: '▓',
  barRest: '░',
};

const ascii: Glyphs = {
  ok: 'ok',
  waiting: '..',
  retrying: 'RE',
  dead: 'XX',
  paused: '||',
  arrow: '->',
  dot: '|',
  ellipsis: '..',
  barDone: '#',
  barAtProvider: '=',
  barRest: '.',
};

/** ASCII unless the locale says UTF-8: LC_ALL before LC_CTYPE before LANG, as in POSIX. */
export function glyphsFor(env: Readonly<Record<string, string | undefined>>): Glyphs {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  return /utf-?8/i.test(locale) ? unicode : ascii;
}
