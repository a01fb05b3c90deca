import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { FlotillaError } from '#errors/flotilla-error.ts';
import { environmentSettings } from '#runtime/config/environment-settings.ts';
import { renderConfigTemplate } from '#runtime/config/render-config-template.ts';
import type { Command } from '../command-context.ts';
import { exitCodes } from '../exit-codes.ts';
import { fileFault } from '../input/file-fault.ts';

/** `flotilla init`: a commented configuration in the working directory. Asks nothing, and overwrites nothing without `--force`. */
export function init({ force = false }: { force?: boolean }): Command {
  return async ({ directory, isJson, out, say }) => {
    const files = { 'flotilla.config.ts': renderConfigTemplate(), '.env.example': renderEnvExample() };
    const written: string[] = [];
    const kept: string[] = [];
    for (const [name, text] of Object.entries(files)) {
      const isWritten = await write(join(directory, name), text, force);
      (isWritten ? written : kept).push(name);
    }
    if (written.length === 0) {
      throw new FlotillaError('invalid-usage', {
        where: kept.join(', '),
        why: 'there are such files already',
        fix: 'flotilla init --force overwrites them',
      });
    }
    if (isJson) await out(`${JSON.stringify({ written, kept })}\n`);
    else {
      for (const name of written) say(`wrote ${name}\n`);
      for (const name of kept) say(`kept  ${name} (--force overwrites it)\n`);
      say('Next: flotilla doctor   then   flotilla run FILE --task classify\n');
    }
    return exitCodes.done;
  };
}

/** @returns false when there is such a file and it stays */
async function write(path: string, text: string, force: boolean): Promise<boolean> {
  try {
    const file = await open(path, force ? 'w' : 'wx');
    await file.writeFile(text);
    await file.close();
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw new FlotillaError('input-unreadable', {
      where: path,
      why: `it cannot be written: ${fileFault(cause)}`,
      cause,
    });
  }
}

const renderEnvExample = (): string =>
  [
    '# Settings that may come from the environment. Flags win over them, they win over flotilla.config.ts.',
    '# Flotilla reads no file of them: export them, or start node with --env-file.',
    '# Without a key everything runs against a simulator.',
    ...environmentSettings.flatMap(({ env, description, isSecret }) => [
      `# ${description}${isSecret ? ` Or ${env}_FILE: a file that holds it.` : ''}`,
      `# ${env}=`,
    ]),
    '',
  ].join('\n');
