import { headerNames } from '#core/headers.ts';
import { parseRid } from '#core/rid.ts';
import { deadLetterJson, type Original } from '#core/terminal.ts';

export interface DeadLetterRecord {
  value: Uint8Array;
  headers: Readonly<Record<string, string>>;
}

/** The code of why a document failed; null in a record that is none of ours. */
export const causeOfDeadLetter = ({ value, headers }: DeadLetterRecord): string | null =>
  headers[headerNames.reason] ?? /"cause":"([a-z0-9-]+)"/.exec(textOf(value))?.[1] ?? null;

/** A dead letter as one JSON line, as `--dead-letters` and `--export` write it. */
export function deadLetterLine({ value, headers }: DeadLetterRecord): string {
  const cause = headers[headerNames.reason];
  if (cause === undefined) return textOf(value); // older logs hold the line itself
  const text = (name: string): string | null => headers[name] ?? null;
  const line = text(headerNames.line);
  return deadLetterJson(
    {
      customId: text(headerNames.documentId),
      rid: parseRid(headers[headerNames.rid] ?? '') ?? { partition: 0, offset: 0 },
      attempts: Number(headers[headerNames.attempts] ?? 0),
      line: line === null ? null : Number(line),
      failure: {
        cause,
        class: headers[headerNames.class] ?? '',
        where: text(headerNames.where),
        why: headers[headerNames.message] ?? '',
        replayCount: Number(headers[headerNames.replayCount] ?? 0),
      },
    },
    originalOf({ value, headers }),
  );
}

/** The producer's bytes; base64 when they are no text. */
function originalOf({ value, headers }: DeadLetterRecord): Original {
  const where = headers[headerNames.original] ?? null;
  if (where !== null) return { text: null, encoding: 'utf8', where };
  const text = textOf(value);
  if (Buffer.from(text).equals(value)) return { text, encoding: 'utf8', where };
  return { text: bufferOf(value).toString('base64'), encoding: 'base64', where };
}

const bufferOf = (value: Uint8Array): Buffer => Buffer.from(value.buffer, value.byteOffset, value.byteLength);

const textOf = (value: Uint8Array): string => bufferOf(value).toString('utf8');
