import { parseCustomId } from '#core/custom-id.ts';
import { chargedTriesMax, unchargedTriesMax } from '#core/limits.ts';
import { formatRid } from '#core/rid.ts';
import { readResultLine } from '#services/simulator/read-result-line.ts';
import { billOf } from '#test/support/bill-of.ts';
import { accountName, type ProviderBatch } from '../provider-world.ts';
import type { Run } from '../run-seed.ts';

/** What the provider did for one record, whatever we know of it. */
interface Bought {
  /** Executed, by attempt: answered, errored or lost. */
  executed: Map<number, number>;
  /** Lines with a good answer that could be read. */
  answered: number;
  charged: number;
  uncharged: number;
}

/**
 * S3 and S4 from the provider's own books, no matter what the journal says. Batches that showed no line for ever and
 * that nobody could bind are the exception the protocol names (§1): counted as suspected.
 */
export function checkPurchases(run: Run): void {
  const { world, provider } = run;
  finishAll(run);
  const byRid = new Map<string, Bought>();
  const billed = Map.groupBy(
    provider.machine.invoicePage({ now: provider.now, limit: 1_000_000 }).rows,
    row => row.batchId ?? '',
  );
  for (const batch of provider.bySeq.values()) {
    if (batch.bk === null) continue;
    const isSilent =
      batch.isEmpty === true || (batch.record.endedAt !== null && batch.record.lineCount === 0 && !batch.hasFailed);
    const isSuspect = isSilent && run.truth.view.bks.get(batch.bk) !== batch.record.id;
    if (isSuspect) world.hit('ended empty: suspected');
    if (isSuspect) continue;
    if (!batch.isAnswered) {
      world.hit('unanswered create landed');
      if (run.truth.view.bks.get(batch.bk) === batch.record.id) world.hit('unanswered create adopted');
    }
    checkBill(run, batch, billed.get(batch.record.id) ?? []);
    const executed = new Set((billed.get(batch.record.id) ?? []).map(row => row.customId ?? ''));
    if (!batch.hasFailed) readLines(run, batch.record.seq, batch.isEmpty === true, { executed, byRid });
    for (const customId of executed) {
      const claim = parseCustomId(customId);
      if (!claim) continue;
      const bought = boughtOf(byRid, formatRid(claim));
      bought.executed.set(claim.att, (bought.executed.get(claim.att) ?? 0) + 1);
    }
  }
  const hasSwaps = world.setting.plan === 'results' || world.setting.plan === 'every';
  for (const [rid, { executed, answered, charged, uncharged }] of byRid) {
    for (const times of executed.values()) if (times > 1) violate(run, 'S3 one attempt executed twice', rid);
    // Answers that changed places inside a batch are told apart by the canary only, and bought again.
    if (answered > 1 && !hasSwaps) violate(run, 'S3 bought again although answered', rid);
    if (charged > chargedTriesMax) violate(run, 'S4 too many charged tries', rid);
    if (uncharged > unchargedTriesMax) violate(run, 'S4 too many uncharged tries', rid);
  }
}

/**
 * What the books say was spent for a batch is what stands on the provider's bill for it, exactly; and not less,
 * where lines were lost for ever and nobody can say what they cost.
 */
function checkBill(
  { truth, world }: Run,
  { bk, record }: ProviderBatch,
  rows: readonly { costPicoDollars: number }[],
): void {
  if (truth.view.bks.get(bk ?? '') !== record.id) return; // bought twice: S3 says so
  const settled = truth.sealed.get(bk ?? '')?.settled;
  const spent = settled?.actual[`account:${accountName}:money`];
  const onBill = billOf(rows);
  if (!settled || spent === undefined) return;
  if (spent < onBill) world.violate('books: less was settled than is on the bill');
  const lost = new Set(['missing', 'result-too-large']);
  const hasLost = settled.dead.some(([, , cause]) => lost.has(cause)) || settled.retry.some(row => lost.has(row.cause));
  if (!hasLost && spent !== onBill) world.violate('books: more was settled than is on the bill');
}

function violate({ world }: Run, text: string, rid: string): void {
  world.note(text, rid);
  world.violate(text);
}

/** Everything that still runs at the provider comes to its end, so that it is on the bill. */
function finishAll({ provider: { machine } }: Run): void {
  for (let at = machine.nextEventAt(); at !== null; at = machine.nextEventAt()) machine.advance(Math.ceil(at));
}

function readLines(
  { provider, documents }: Run,
  seq: number,
  isEmpty: boolean,
  { executed, byRid }: { executed: Set<string>; byRid: Map<string, Bought> },
): void {
  for (const chunk of provider.store.results(seq)) {
    for (const text of chunk) {
      const line = readResultLine(text);
      const claim = line.type === 'unreadable' ? null : parseCustomId(line.customId);
      if (!claim || line.type === 'unreadable') continue;
      const bought = boughtOf(byRid, formatRid(claim));
      if (line.type === 'errored' && line.errorClass !== 'account') executed.add(line.customId);
      if (isEmpty) continue;
      const isAnswer =
        line.type === 'succeeded' && line.answer.finish === 'complete' && line.answer.text.includes('"echo"');
      if (isAnswer && documents.byRid.get(formatRid(claim))?.kind === 'good') bought.answered += 1;
      else if (line.type === 'succeeded' || (line.type === 'errored' && line.errorClass === 'transient'))
        bought.charged += 1;
      else if (line.type === 'expired' || line.type === 'canceled') bought.uncharged += 1;
    }
  }
}

function boughtOf(byRid: Map<string, Bought>, rid: string): Bought {
  let bought = byRid.get(rid);
  if (!bought) {
    bought = { executed: new Map(), answered: 0, charged: 0, uncharged: 0 };
    byRid.set(rid, bought);
  }
  return bought;
}
