import { formatDollars } from '#core/money.ts';
import type { DocumentBatch, FoundDocument } from '#projection/find-documents.ts';
import { stateMeanings } from './overview.ts';

/** One line of what became of a document. */
export interface DocumentStep {
  /** Ms since the epoch; null when it is not known. */
  at: number | null;
  text: string;
}

export interface DocumentPath {
  rid: string;
  customId: string | null;
  run: string | null;
  /** Where it is, in one sentence. */
  now: string;
  steps: DocumentStep[];
}

/** The way of a document so far, oldest first. */
export function documentPath(document: FoundDocument): DocumentPath {
  const { rid, customId, run, appendedAt, batches, retryDueAt, answer } = document;
  const steps: DocumentStep[] = [
    { at: appendedAt, text: `appended to documents as ${rid}` },
    ...batches.flatMap(batchSteps),
    ...(retryDueAt === null ? [] : [{ at: retryDueAt, text: 'its next try is due' }]),
    ...(answer === null ? [] : answerSteps(answer)),
  ];
  return { rid, customId, run, now: whereItIs(document), steps };
}

function batchSteps(batch: DocumentBatch): DocumentStep[] {
  const { att, bk, account, items, sealedAt, intentAt, createdAt, pid, sub, state, stateAt, settledAt, why } = batch;
  const isAgain = att > 0 ? `, try ${att + 1}` : '';
  return [
    {
      at: sealedAt,
      text: `sealed into batch ${bk}, ${items} ${items === 1 ? 'document' : 'documents'}, account ${account}${isAgain}`,
    },
    ...(intentAt === null ? [] : [{ at: intentAt, text: `create sent${sub > 1 ? `, submission ${sub}` : ''}` }]),
    ...(createdAt === null ? [] : [{ at: createdAt, text: `created at the provider as ${pid ?? 'unknown'}` }]),
    ...(state === 'aborted' || state === 'closed'
      ? [
          {
            at: stateAt,
            text: `${state === 'closed' ? 'closed without purchase' : 'not created'}: ${why ?? 'unknown'}`,
          },
        ]
      : []),
    ...(settledAt === null ? [] : [{ at: settledAt, text: `batch ${bk} settled` }]),
  ];
}

function answerSteps(answer: NonNullable<FoundDocument['answer']>): DocumentStep[] {
  const { outcome, cause, why, cost, at, place, deadLetter } = answer;
  const isUnknown = cost === null && outcome === 'succeeded'; // a failed one may have cost nothing
  const price = isUnknown ? ', price unknown' : cost === null ? '' : `, ${formatDollars(cost)}`;
  const reason = cause === null ? '' : ` (${cause}${why ? `: ${why}` : ''})`;
  return [
    { at, text: `answered: ${outcome}${reason}${price}, results ${place}` },
    ...(deadLetter === null ? [] : [{ at, text: `dead letter ${deadLetter}` }]),
  ];
}

function whereItIs({ batches, retryDueAt, answer }: FoundDocument): string {
  if (answer)
    return answer.outcome === 'succeeded' ? 'answered' : `answered as a dead letter: ${answer.cause ?? answer.outcome}`;
  const last = batches.at(-1);
  if (last && last.settledAt === null) return `in batch ${last.bk}, ${stateMeanings[last.state]}`;
  if (retryDueAt !== null) return 'waits for its next try';
  return last ? 'between two tries' : 'in no batch yet: in an open lane, or not read';
}
