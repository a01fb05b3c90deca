import { writeFile } from 'node:fs/promises';
import type { SpendFigures } from '#core/cost-report/cost-report.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { CommandContext } from '../command-context.ts';
import { fileFault } from '../input/file-fault.ts';
import { countOf } from '../terminal/format-count.ts';
import { type FocusSource, focusCsv, isCharge } from './focus-csv.ts';

/**
 * Writes the CSV, or prints it.
 * @throws FlotillaError invalid-usage when it cannot be written
 */
export async function writeFocus(
  { figures, path, source }: { figures: readonly SpendFigures[]; path: string; source: FocusSource },
  context: CommandContext,
): Promise<void> {
  const text = focusCsv(figures, source);
  if (path === '-') return context.out(text);
  try {
    await writeFile(path, text);
  } catch (cause) {
    const why = `it cannot be written: ${fileFault(cause)}`;
    throw new FlotillaError('invalid-usage', {
      where: path,
      why,
      fix: 'give --focus a file in a folder that there is',
      cause,
    });
  }
  if (!context.isJson) context.say(`${countOf(figures.filter(isCharge).length, 'record')} of FOCUS 1.2 in ${path}\n`);
}
