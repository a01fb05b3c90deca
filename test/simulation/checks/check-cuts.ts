import { parseCustomId } from '#core/custom-id.ts';
import { formatRid } from '#core/rid.ts';
import type { Run } from '../run-seed.ts';

/**
 * S4 of answers that were cut: whoever buys again asks for twice as much, byte for byte whichever worker builds the request,
 * until there is an answer; and what was cut a second time is not bought again.
 */
export function checkCuts(run: Run): void {
  const { truth, world } = run;
  const raisedFrom = new Map<string, number>();
  for (const { settled } of truth.sealed.values()) {
    for (const row of settled?.retry ?? []) {
      if (row.cause !== 'truncated') continue;
      world.hit('cut, and asked for again');
      const rid = formatRid({ partition: row.p, offset: row.o });
      if (raisedFrom.has(rid)) world.violate('S4 bought again although cut twice');
      raisedFrom.set(rid, Math.min(row.att, raisedFrom.get(rid) ?? Infinity));
    }
  }
  checkAsked(run, raisedFrom);
}

/** @param raisedFrom by rid, the first attempt after a cut answer */
function checkAsked({ provider, world }: Run, raisedFrom: ReadonlyMap<string, number>): void {
  const asked = [...provider.bySeq.values()].flatMap(({ bk, customIds, bodies }) =>
    customIds.flatMap((customId, index) => {
      const claim = bk === null ? null : parseCustomId(customId);
      return claim ? [{ rid: formatRid(claim), att: claim.att, tokens: maxTokensIn(bodies[index] as string) }] : [];
    }),
  );
  const isRaised = ({ rid, att }: { rid: string; att: number }): boolean => att >= (raisedFrom.get(rid) ?? Infinity);
  const plain = new Map(asked.filter(each => !isRaised(each)).map(({ rid, tokens }) => [rid, tokens]));
  for (const each of asked) {
    const first = plain.get(each.rid);
    if (first === undefined || each.tokens === (isRaised(each) ? 2 * first : first)) continue;
    world.note('asked', each.rid, String(each.att), String(each.tokens));
    world.violate('S4 another cap than its document and recipe say');
  }
}

const maxTokensIn = (body: string): number => (JSON.parse(body) as { max_tokens: number }).max_tokens;
