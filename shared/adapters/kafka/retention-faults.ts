import { infiniteMs, retentionMarginMs } from './topic-plan.ts';

/** Ms; -1 keeps for ever. */
export interface Retentions {
  documents: number;
  journal: number;
  settled: number;
}

const dayMs = 24 * 3_600_000;

/**
 * What would be deleted while something still refers to it (protocol §7): `journal ≥ documents + 7 d`,
 * `settled ≥ journal + 7 d`, both finite or both infinite. @returns null when all is well
 */
export function retentionFault({ documents, journal, settled }: Retentions): string | null {
  if ((journal === infiniteMs) !== (settled === infiniteMs)) {
    return `the journal is kept ${inWords(journal)} and settled ${inWords(settled)}: both for ever, or neither`;
  }
  if (!lastsLonger(journal, documents)) {
    return `documents are kept ${inWords(documents)}, and the journal that claims them only ${inWords(journal)}`;
  }
  if (!lastsLonger(settled, journal)) {
    return `the journal is kept ${inWords(journal)}, and what settles its batches only ${inWords(settled)}`;
  }
  return null;
}

function lastsLonger(longer: number, shorter: number): boolean {
  if (longer === infiniteMs) return true;
  return shorter !== infiniteMs && longer >= shorter + retentionMarginMs;
}

const inWords = (ms: number): string => (ms === infiniteMs ? 'for ever' : `${Math.round((ms / dayMs) * 10) / 10} days`);
