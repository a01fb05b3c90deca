import { decimalDollars, formatDollars } from '#core/money.ts';
import type { CachePolicy } from '#core/prompt-cache/cache-plan.ts';
import type { CachePlanReason, MarkingFacts, PrefixFacts } from '#core/prompt-cache/plan-cache.ts';
import { oneLine, wrapText } from '../terminal/fit-text.ts';
import { countOf, formatCount } from '../terminal/format-count.ts';
import type { TerminalLook } from '../terminal/terminal-look.ts';
import type { ExplainedLane } from './explain-batches.ts';

const widthMax = 100;

/** What `cache explain` says: in sentences, lane by lane. */
export function renderExplained(
  { name, lanes, others }: { name: string; lanes: readonly ExplainedLane[]; others: number },
  look: TerminalLook,
): string {
  const { paint, width } = look;
  if (lanes.length === 0) return `  ${oneLine(name)} has no documents: nothing to explain\n`;
  const wrap = (text: string): string[] => wrapText(text, Math.min(width, widthMax) - 4).map(line => `  ${line}`);
  return [
    ...lanes.flatMap(lane => [
      ...wrapText(oneLine(headOf(lane)), Math.min(width, widthMax)).map(line => paint('bold', line)),
      ...sentencesOf(lane.why).flatMap(wrap),
      ...wrap(policySentence(lane.policy, lane.why)),
      '',
    ]),
    ...(others > 0 ? [`  ${countOf(others, 'document')} of further tasks and models not shown`, ''] : []),
    ...wrap('Tokens are estimated from bytes; prices are those of the built-in table.'),
    '',
  ].join('\n');
}

const headOf = ({ task, model, documents, batches, batchItems }: ExplainedLane): string => {
  const who = task === null ? 'documents as they are' : `task ${task}`;
  const what = model === '' ? 'no model' : model;
  const how =
    batches === 1
      ? `one batch of ${formatCount(batchItems)}`
      : `${formatCount(batches)} batches of up to ${formatCount(batchItems)}`;
  return `${who}: ${what}, ${countOf(documents, 'document')}, ${how}`;
};

type BelowMinimum = Extract<CachePlanReason, { is: 'below-minimum' }>;

/** What is too short is told in one sentence, and what reads the same once: --json has each. */
function sentencesOf(why: readonly CachePlanReason[]): string[] {
  const short = why.filter(reason => reason.is === 'below-minimum');
  const told = why.flatMap(reason => {
    if (reason.is !== 'below-minimum') return sentenceOf(reason);
    return reason === short[0] ? belowMinimum(short) : [];
  });
  return [...Map.groupBy(told, sentence => sentence)].map(([sentence, { length }]) =>
    length === 1 ? sentence : `${sentence} The same for ${countOf(length - 1, 'other prefix')}.`,
  );
}

function sentenceOf(reason: Exclude<CachePlanReason, BelowMinimum>): string {
  switch (reason.is) {
    case 'off':
      return 'No marker: off.';
    case 'model-unknown':
      return `No marker: neither price nor shortest prefix of ${oneLine(reason.model) || 'a request without a model'} is known.`;
    case 'own-markers':
      return `${countOf(reason.items, 'request')} with markers of their own: nothing is put in beside them.`;
    case 'nothing-shared':
      return reason.items === 1
        ? 'No marker: nothing stands before the messages of this document, so nothing can be shared with others.'
        : `No marker: no two of these ${formatCount(reason.items)} requests begin alike. What all share has to come first, what varies last.`;
    case 'does-not-pay':
      return `${prefixOf(reason)}: no marker. ${whyNot(reason)}`;
    case 'stopped':
      return `${prefixOf(reason)}: no marker any more. In ${countOf(reason.measured.batches, 'batch')} its markers cost ${formatDollars(-reason.measured.saved)} more than they saved. ${whyNot(reason)}`;
    case 'marked':
      return `${prefixOf(reason)}: ${markerOf(reason)} ${whyYes(reason)}`;
    case 'held-back':
      return `This batch is held back: ${percent(reason.share)} of batches go without markers, to measure against.`;
  }
}

const prefixOf = ({ tokens, part, items }: PrefixFacts): string =>
  `Prefix of ${formatCount(tokens)} tokens (to the end of a block of ${part === 'tools' ? 'the tools' : part === 'system' ? 'the instructions' : 'the messages'}) in ${countOf(items, 'document')} of a batch`;

/** Of several the one that would save most. @param short one at least */
function belowMinimum(short: readonly BelowMinimum[]): string {
  const best = short.reduce((a, b) => (b.saving > a.saving ? b : a));
  const { tokensMin, saving } = best;
  const one = short.length === 1;
  const which = one ? 'Prefix' : `${countOf(short.length, 'shared prefix')} of`;
  const told = `${which} ${lengthsOf(short)} tokens, minimum ${formatCount(tokensMin)}: no marker.`;
  if (saving <= 0) return `${told} Filling ${one ? 'it' : 'one'} up would cost more than it saves.`;
  const missing = `${countOf(tokensMin - best.tokens, 'more token')} of stable text`;
  const where = one ? '' : ` in the ${countOf(best.items, 'document')} behind one of them`;
  return `${told} ${missing}${where} would save up to ${formatDollars(saving)} a batch.`;
}

function lengthsOf(short: readonly BelowMinimum[]): string {
  const tokens = short.map(each => each.tokens);
  const [least, most] = [Math.min(...tokens), Math.max(...tokens)];
  return least === most ? formatCount(least) : `${formatCount(least)} to ${formatCount(most)}`;
}

const markerOf = ({ ttl, prime }: MarkingFacts): string =>
  `a marker for ${ttl === '1h' ? 'an hour' : 'five minutes'}${prime ? ', written ahead by one small call' : ''}.`;

function whyYes(facts: MarkingFacts): string {
  const saves = `Expected to save ${formatDollars(facts.saving)} a batch`;
  const risk =
    facts.atRisk > 0
      ? `, and to cost ${formatDollars(facts.atRisk)} at worst`
      : `, ${formatDollars(facts.savingLow)} at least`;
  const trial = facts.isTrial ? ' It is a trial: what it may cost is within its allowance.' : '';
  return `${saves}${risk}: ${rateOf(facts)}.${trial}`;
}

function whyNot(facts: MarkingFacts): string {
  const effect =
    facts.saving < 0
      ? `would cost ${formatDollars(-facts.saving)} a batch more than none`
      : `might save ${formatDollars(facts.saving)} a batch, and might cost ${formatDollars(Math.max(0, -facts.savingLow))}`;
  return `The best one (${facts.ttl === '1h' ? 'an hour' : 'five minutes'}${facts.prime ? ', written ahead' : ''}) ${effect}: ${rateOf(facts)}.`;
}

function rateOf({ hitRate, breakEven, measured }: MarkingFacts): string {
  const range = `${percent(hitRate.mean)} of items are expected to read (${percent(hitRate.low)} to ${percent(hitRate.high)}`;
  const source = measured.batches === 0 ? 'nothing measured yet' : `measured on ${countOf(measured.batches, 'batch')}`;
  return `${range}, ${source}), ${(breakEven * 100).toFixed(1)} % have to for it to pay`;
}

function policySentence({ mode, holdBack }: CachePolicy, why: readonly CachePlanReason[]): string {
  switch (mode) {
    case 'off':
      return 'Cache markers are off here: nothing of this is done. cache.mode turns them on.';
    case 'shadow':
      return 'Cache markers are in shadow here: this is only told.';
    case 'on':
      return why.some(({ is }) => is === 'marked')
        ? `${percent(holdBack)} of such batches go without, to measure against.`
        : 'Cache markers are on here.';
  }
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** For programs: money as exact decimal strings. */
export const explainedJson = (lanes: readonly ExplainedLane[], others: number): Record<string, unknown> => ({
  lanes: lanes.map(({ why, ...lane }) => ({ ...lane, why: why.map(reasonJson) })),
  documentsNotShown: others,
});

function reasonJson(reason: CachePlanReason): Record<string, unknown> {
  if (!('saving' in reason)) return { ...reason };
  const { saving, ...rest } = reason;
  const json = { ...rest, savingUsd: decimalDollars(saving) };
  if (!('savingLow' in rest)) return json;
  const { savingLow, atRisk, measured, ...facts } = rest;
  return {
    ...facts,
    savingUsd: decimalDollars(saving),
    savingLowUsd: decimalDollars(savingLow),
    atRiskUsd: decimalDollars(atRisk),
    measured: { batches: measured.batches, savedUsd: decimalDollars(measured.saved) },
  };
}
