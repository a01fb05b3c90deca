/** The one line that a run of fleet chaos ends with. */
export interface FleetReport {
  scenario: string;
  seed: number;
  /** Of faults. */
  seconds: number;
  workers: number;
  kills: number;
  /** Of the kills, those at a crash point. */
  named: number;
  documents: number;
  answered: number;
  deadLettered: number;
  lost: number;
  duplicated: number;
  boughtTwice: number;
  unaccounted: number;
  /** Answers that carry another document's code. */
  wrong: number;
  /** Distinct documents answered a second: without faults, and while they lasted. */
  rateFaultless: number;
  rateDuring: number;
  ratio: number;
  /** Longest time without one new answer while the faults lasted, ms. */
  longestStallMs: number;
  /** From the end of the faults, or from the worst of them, until nine tenths of the faultless rate, ms; null: never. */
  recoveredAfterMs: number | null;
  /** Processes that ended though nobody wanted it. */
  unexpectedEnds: number;
  /** What the scenario alone counts. */
  more: Readonly<Record<string, unknown>>;
  /** What is wrong, in sentences; empty: nothing. */
  violations: string[];
}

/** What every scenario promises, whatever it does to the fleet. */
export function commonViolations(report: Omit<FleetReport, 'violations'>): string[] {
  const mustBeZero = ['lost', 'duplicated', 'boughtTwice', 'unaccounted', 'wrong'] as const;
  const counted = mustBeZero.filter(figure => report[figure] !== 0).map(figure => `${figure} ${report[figure]}`);
  const open = report.documents - report.answered - report.deadLettered;
  return [
    ...counted,
    ...(open > 0 ? [`${open} documents were not answered when the faults were over`] : []),
    ...(report.documents === 0 ? ['there was no document'] : []),
  ];
}
