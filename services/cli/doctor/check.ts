import { errorCatalogue } from '#errors/catalogue.ts';
import type { FlotillaError } from '#errors/flotilla-error.ts';
import { oneLine } from '../terminal/fit-text.ts';
import type { TerminalLook } from '../terminal/terminal-look.ts';

/** One thing that `doctor` looked at. */
export interface Check {
  name: string;
  isOk: boolean;
  /** What was found, in a few words. */
  found: string;
  /** Where a person has to look; null when the name says it. */
  where: string | null;
  /** Null when what was found says it. */
  why: string | null;
  /** One command or edit; null when there is nothing to do. Of a check that is well, it is advice. */
  fix: string | null;
  /** What the command ends with because of it. */
  exitCode: number;
}

export interface Finding {
  where?: string;
  why?: string;
  fix: string;
}

export const passed = (name: string, found: string): Check => ({
  name,
  isOk: true,
  found,
  where: null,
  why: null,
  fix: null,
  exitCode: 0,
});

/** Nothing stands still because of it yet. */
export const warned = (name: string, found: string, { where, why, fix }: Finding): Check => ({
  ...passed(name, found),
  where: where ?? null,
  why: why ?? null,
  fix,
});

export const failed = (
  name: string,
  found: string,
  { exitCode, ...finding }: Finding & { exitCode: number },
): Check => ({ ...warned(name, found, finding), isOk: false, exitCode });

export const failedBy = (name: string, error: FlotillaError): Check => {
  const { what, exitCode } = errorCatalogue[error.code];
  const where = error.where === null ? {} : { where: error.where };
  return failed(name, what, { ...where, why: error.why, fix: error.fix, exitCode });
};

/** Credentials before what is unreachable before usage: what stands first has to be mended first. */
export const exitCodeOfChecks = (checks: readonly Check[]): number =>
  Math.max(0, ...checks.map(({ exitCode }) => exitCode));

const nameWidthMin = 8;

export function renderChecks(checks: readonly Check[], { glyphs, paint }: TerminalLook): string {
  const width = Math.max(nameWidthMin, ...checks.map(({ name }) => name.length));
  const lines = checks.flatMap(({ name, isOk, found, where, why, fix }) => {
    const sign = isOk
      ? fix === null
        ? paint('green', glyphs.ok)
        : paint('yellow', glyphs.paused)
      : paint('red', glyphs.dead);
    const what = [found, where, why].flatMap(part => (part === null ? [] : oneLine(part))).join(': ');
    const line = `  ${sign} ${name.padEnd(width)} ${what}`;
    return fix === null ? [line] : [line, `    ${' '.repeat(width)} ${paint('green', 'Fix:')} ${oneLine(fix)}`];
  });
  return `${lines.join('\n')}\n`;
}
