import { headerNames } from '#core/headers.ts';
import { canonicalJson } from '#core/recipe.ts';
import { formatRid } from '#core/rid.ts';
import type { LogRecord } from '#ports/log.ts';
import type { SimulatedDocument } from '../documents.ts';
import type { Run } from '../run-seed.ts';

interface ResultValue {
  outcome: string;
  output?: unknown;
  body?: unknown;
  usage?: unknown;
  cost?: { billed_usd: string };
  attempts: number;
}

/**
 * S1 to S4 of answers that are given again: each is the answer that was bought for a document with the same request, task and
 * tenant; nothing was bought for who has it; and one lane never buys one request twice at the same time.
 */
export function checkReuse(run: Run): void {
  const { truth, documents, world } = run;
  const results = new Map(truth.results.map(record => [record.headers[headerNames.rid] ?? '', record]));
  const sent = new Set<string>();
  for (const items of truth.sent()) for (const item of items) sent.add(formatRid(item));
  for (const [rid, record] of results) {
    const from = record.headers[headerNames.reusedFrom];
    if (from === undefined) continue;
    world.hit('answer given again');
    const document = documents.byRid.get(rid);
    const source = documents.byRid.get(from);
    if (document && source) checkAnswer(run, { record, document }, { record: results.get(from), document: source });
    else world.violate('reuse: of a document that there is not');
    if (sent.has(rid)) world.violate('reuse: bought and answered by another');
  }
  checkBoughtTogether(run);
}

interface Answered {
  record: LogRecord | undefined;
  document: SimulatedDocument;
}

function checkAnswer({ world }: Run, mine: Answered, source: Answered): void {
  const value = answerOf(mine.record);
  const first = answerOf(source.record);
  if (!value || !first || first.outcome !== 'succeeded') {
    world.violate('reuse: of what has no answer');
    return;
  }
  if (source.record?.headers[headerNames.reusedFrom] !== undefined) world.violate('reuse: of what was reused itself');
  const isSame =
    canonicalJson([value.output, value.body]) === canonicalJson([first.output, first.body]) &&
    value.outcome === 'succeeded';
  if (!isSame) world.violate('S2 reuse: another answer than that of its source');
  const { document } = mine;
  if (document.echo !== source.document.echo || document.example !== source.document.example)
    world.violate('S2 reuse: the answer to another request');
  if (document.task !== source.document.task) world.violate('S2 reuse: the answer of another task');
  if (document.tenant !== source.document.tenant) world.violate('S2 reuse: the answer of another tenant');
  if (!document.mayReuse || !source.document.mayReuse) world.violate('reuse: of who wants an answer of its own');
  if (value.usage !== undefined || value.attempts !== 0) world.violate('S4 reuse: it says that it was bought');
  if (value.cost && value.cost.billed_usd !== '0.00') world.violate('books: what was reused has cost something');
}

const answerOf = (record: LogRecord | undefined): ResultValue | null =>
  record ? (JSON.parse(Buffer.from(record.value).toString()) as ResultValue) : null;

/** Documents with one request that wait in one lane are bought once. What comes back to a lane is bought for itself. */
function checkBoughtTogether({ truth, documents, world }: Run): void {
  if (!world.setting.reusesAnswers) return;
  for (const { items } of truth.sealed.values()) {
    const asked = new Set<string>();
    for (const item of items) {
      const document = documents.byRid.get(formatRid(item));
      if (document?.kind !== 'good' || !document.mayReuse || document.hasDeadline || item.att > 0 || item.of) continue;
      const request = canonicalJson([document.echo, document.example, document.task, document.tenant]);
      if (asked.has(request)) world.violate('reuse: one request bought twice in one batch');
      asked.add(request);
    }
  }
}
