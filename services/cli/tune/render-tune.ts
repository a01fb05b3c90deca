import type { Risk, TuneProposal } from '#core/cost-report/tune.ts';
import { decimalDollars, formatDollars, type Money } from '#core/money.ts';
import { oneLine } from '../terminal/fit-text.ts';
import { countOf, formatCount } from '../terminal/format-count.ts';
import type { TerminalLook } from '../terminal/terminal-look.ts';

/** What can be said of one task. */
export interface TaskTuning {
  task: string;
  model: string;
  maxTokens: number;
  proposal: TuneProposal;
  /** What INTENT reserves less for each document with the proposed cap; null when the price is unknown, or nothing is proposed. */
  reserveLess: Money | null;
}

/** What `tune` says. */
export function renderTune(tunings: readonly TaskTuning[], { risk }: { risk: number }, look: TerminalLook): string {
  if (tunings.length === 0) return '  no tasks are configured\n';
  const blocks = tunings.flatMap(tuning => [...taskLines(tuning, { risk }, look), '']);
  return `max_tokens, so that at most ${percent(risk)} of answers are cut\n\n${blocks.join('\n')}\n`;
}

function taskLines(tuning: TaskTuning, { risk }: { risk: number }, { paint, glyphs }: TerminalLook): string[] {
  const { task, model, maxTokens, proposal } = tuning;
  const { answers, cut, leftOut, quantiles, verdict } = proposal;
  const cutText = cut === 0 ? 'none cut' : `${formatCount(cut)} cut`;
  const left =
    leftOut === 0
      ? []
      : [`    left out: ${countOf(leftOut, 'document')} asked with a lower max_tokens, some of them cut by it`];
  const lengths =
    quantiles === null
      ? left
      : [
          ...left,
          `    tokens: half ${formatCount(quantiles.p50)}, 95 % ${formatCount(quantiles.p95)}, 99 % ${formatCount(quantiles.p99)}, longest ${formatCount(quantiles.longest)}`,
        ];
  const head = `  ${paint('bold', task)} ${oneLine(model)} ${glyphs.dot} ${countOf(answers, 'answer')}, ${cutText}`;
  switch (verdict.is) {
    case 'too-few': {
      const needed = `${countOf(verdict.answersNeeded, 'answer')} are needed to say anything of ${percent(risk)}`;
      return [head, ...lengths, `    maxTokens ${formatCount(maxTokens)} stays: ${needed}`];
    }
    case 'beyond':
      return [
        head,
        ...lengths,
        paint(
          'yellow',
          `    maxTokens ${formatCount(maxTokens)} is too low: try ${formatCount(verdict.maxTokensAtLeast)} or more, and look again`,
        ),
      ];
    case 'proposed':
      return [
        head,
        ...lengths,
        `    maxTokens ${formatCount(maxTokens)} ${glyphs.arrow} ${formatCount(verdict.maxTokens)}: ${riskText(verdict.risk)}`,
        ...reserveLines(tuning),
      ];
  }
}

const riskText = ({ share, atMost }: Risk): string =>
  `${percent(share)} would have been cut, of the next ones at most ${percent(atMost)}`;

/** A lower cap changes no bill: it frees room under caps. A higher one needs it. */
function reserveLines({ reserveLess }: TaskTuning): string[] {
  if (reserveLess === null || reserveLess === 0) return [];
  const change = reserveLess > 0 ? 'less' : 'more';
  return [
    `    reserves ${formatDollars(Math.abs(reserveLess))} ${change} a document under a cap; the bill stays the same`,
  ];
}

const percent = (share: number): string => `${Number((share * 100).toPrecision(2))} %`;

/** For programs. */
export const tuneJson = (tunings: readonly TaskTuning[], { risk }: { risk: number }): Record<string, unknown> => ({
  risk,
  tasks: tunings.map(({ task, model, maxTokens, proposal, reserveLess }) => {
    const { answers, cut, leftOut, quantiles, riskNow, verdict } = proposal;
    return {
      task,
      model,
      maxTokens,
      answers,
      cut,
      leftOut,
      quantiles,
      riskNow,
      proposal: verdict,
      reserveLessUsd: reserveLess === null ? null : decimalDollars(reserveLess),
    };
  }),
});
