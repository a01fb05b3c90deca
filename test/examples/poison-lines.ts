/** A line that is no document, and the code it has to be rejected with. */
export interface PoisonLine {
  kind: string;
  line: Buffer;
  cause: string;
}

/** Three lines of the kind that find their way into every large file. */
export const poisonLines: readonly PoisonLine[] = [
  {
    kind: 'cut off',
    line: Buffer.from('{"custom_id":"cut-off","content":"this line was cut o'),
    cause: 'invalid-json',
  },
  {
    kind: 'not UTF-8',
    line: Buffer.concat([
      Buffer.from('{"custom_id":"latin-1","content":"caf'),
      Buffer.from([0xe9]),
      Buffer.from(' au lait"}'),
    ]),
    cause: 'invalid-utf8',
  },
  {
    kind: 'another task',
    line: Buffer.from('{"custom_id":"typo","task":"clasify","content":"a task that nobody configured"}'),
    cause: 'unknown-task',
  },
];
