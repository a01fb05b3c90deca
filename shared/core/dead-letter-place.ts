import type { OriginNames, OriginRecord } from './answer-headers.ts';
import { headerNames } from './headers.ts';
import { formatRid, type Rid } from './rid.ts';

/** Where dead letters come from and go to, as others see it. The same for every process of a fleet. */
export interface DeadLetterPlace extends OriginNames {
  /** Longer originals stay where they are, and the dead letter says where. */
  originalBytesMax: number;
}

/** Of a log that nobody else reads and that takes records of any size. */
export const ownDeadLetters: DeadLetterPlace = {
  topic: 'documents',
  group: 'accumulator',
  originalBytesMax: Number.POSITIVE_INFINITY,
};

/** The value of a dead letter: the original bytes, or a header that says where they are. */
export function valueOfDeadLetter(
  rid: Rid,
  { origin, place }: { origin: OriginRecord; place: DeadLetterPlace },
): { value: Uint8Array; headers: Record<string, string> } {
  // Of a line that was too long our intake has kept the head, and said where the rest is.
  const where = origin.headers[headerNames.original];
  if (where !== undefined) return { value: origin.value, headers: { [headerNames.original]: where } };
  if (origin.value.length <= place.originalBytesMax) return { value: origin.value, headers: {} };
  return { value: new Uint8Array(), headers: { [headerNames.original]: `${place.topic}/${formatRid(rid)}` } };
}
