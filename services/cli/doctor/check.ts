import type { FlotillaError } from '#errors/flotilla-error.ts';
import { oneLine } from '../terminal/fit-text.ts';
import type { TerminalLook } from '../terminal/terminal-look.ts';

/** One thing that `doctor` looked at. */
export interface Check {
  name: string;
  isOk: boolean;
  /** What was found, in a few words. */
  found: string;
  /** One command or edit; null when there is nothing to do. */
  fix: string | null;
  /** What the command ends with because of it. */
  exitCode: number;
}

export const passed = (name: string, found: string): Check => ({ name, isOk: true, found, fix: null, exitCode: 0 });

export const failed = (name: string, found: string, { fix, exitCode }: { fix: string; exitCode: number }): Check => ({
  name,
  isOk: false,
  found,
  fix,
  exitCode,
});

export const failedBy = (name: string, error: FlotillaError, exitCode: number): Check => {
  const place = error.where === null ? '' : `${error.where}: `;
  return failed(name, `${place}${error.why}`, { fix: error.fix, exitCode });
};

/** Credentials before what is unreachable before usage: what stands first has to be mended first. */
export const exitCodeOfChecks = (checks: readonly Check[]): number =>
  Math.max(0, ...checks.map(({ exitCode }) => exitCode));

const nameWidth = 8;

export function renderChecks(checks: readonly Check[], { glyphs, paint }: TerminalLook): string {
  const lines = checks.flatMap(({ name, isOk, found, fix }) => {
    const sign = isOk ? paint('green', glyphs.ok) : paint('red', glyphs.dead);
    const line = `  ${sign} ${name.padEnd(nameWidth)} ${oneLine(found)}`;
    return fix === null ? [line] : [line, `    ${' '.repeat(nameWidth)}${paint('green', 'Fix:')} ${oneLine(fix)}`];
  });
  return `${lines.join('\n')}\n`;
}
