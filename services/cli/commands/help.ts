import type { Command as CommanderCommand } from 'commander';
import { suggestion } from '#contracts/nearest-name.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Command } from '../command-context.ts';
import { exitCodesText } from '../exit-codes.ts';

/** `flotilla help`, `flotilla help COMMAND`, `flotilla help exit-codes`. */
export function help({ topic, program }: { topic: string | undefined; program: CommanderCommand }): Command {
  return async ({ out }) => {
    await out(textOf(topic, program));
    return 0;
  };
}

function textOf(topic: string | undefined, program: CommanderCommand): string {
  if (topic === undefined) return `${program.helpInformation()}\nExit codes: flotilla help exit-codes\n`;
  if (topic === 'exit-codes') return exitCodesText();
  const command = program.commands.find(candidate => candidate.name() === topic);
  if (command) return command.helpInformation();
  const topics = [...program.commands.map(candidate => candidate.name()), 'exit-codes'];
  const why = `there is no command "${topic}"${suggestion(topic, topics)}`;
  throw new FlotillaError('invalid-usage', { where: `flotilla help ${topic}`, why });
}
