export interface CommandBlock {
  language: 'sh' | 'ts';
  /** Line of the page where the block begins. */
  line: number;
  text: string;
}

export interface ReadmeCommand {
  text: string;
  /** From its comment `# exits 3`; 0 when it says nothing. */
  exitCode: number;
}

/** The blocks of a page that a reader would run, in order. */
export function blocksOf(markdown: string): CommandBlock[] {
  return [...markdown.matchAll(/^```(sh|console|ts)\n([\s\S]*?)^```$/gm)].map(match => ({
    language: match[1] === 'ts' ? 'ts' : 'sh',
    line: markdown.slice(0, match.index).split('\n').length,
    text: match[2] as string,
  }));
}

/** The commands of a block: one a line, a here-document with its lines; a prompt is taken away, output is passed over. */
export function commandsOf({ text }: CommandBlock): ReadmeCommand[] {
  const lines = text.split('\n').filter(line => line.trim() !== '');
  const hasPrompt = lines.some(line => line.startsWith('$ '));
  const commands: ReadmeCommand[] = [];
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] as string;
    if (hasPrompt && !line.startsWith('$ ')) continue;
    const end = /<<'?(\w+)'?/.exec(line)?.[1];
    const last = end === undefined ? index : lines.indexOf(end, index);
    const command = lines.slice(index, last + 1).join('\n');
    commands.push({
      text: hasPrompt ? command.slice(2) : command,
      exitCode: Number(/# exits (\d+)/.exec(line)?.[1] ?? 0),
    });
    index = last;
  }
  return commands;
}
