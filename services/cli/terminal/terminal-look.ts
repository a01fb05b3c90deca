import { styleText } from 'node:util';
import { type Glyphs, glyphsFor } from './glyphs.ts';

/** What a stream can show. Decided for stdout and stderr each by itself: one may be a file. */
export interface TerminalLook {
  isTty: boolean;
  hasColor: boolean;
  /** Columns; 80 where nobody knows. */
  width: number;
  glyphs: Glyphs;
  paint(style: Style, text: string): string;
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

export interface LookOptions {
  isTty: boolean;
  columns: number | undefined;
  env: Readonly<Record<string, string | undefined>>;
  /** False after `--no-color`. */
  colorAllowed: boolean;
}

const widthDefault = 80;
/** Narrower than this nothing would be left of a line; it wraps instead. */
const widthMin = 40;

/** `--no-color` wins over FORCE_COLOR, that over NO_COLOR, that over what the stream is. */
export function terminalLook({ isTty, columns, env, colorAllowed }: LookOptions): TerminalLook {
  const hasColor = colorAllowed && (isForced(env.FORCE_COLOR) ?? (isTty && !env.NO_COLOR && env.TERM !== 'dumb'));
  return {
    isTty,
    hasColor,
    width: Math.max(widthMin, columns && columns > 0 ? columns : widthDefault),
    glyphs: glyphsFor(env),
    paint: (style, text) => (hasColor && text !== '' ? styleText(style, text, { validateStream: false }) : text),
  };
}

/** `FORCE_COLOR=0` and `false` force it off, as Node itself reads it. */
const isForced = (value: string | undefined): boolean | undefined =>
  value === undefined ? undefined : value !== '0' && value !== 'false';
