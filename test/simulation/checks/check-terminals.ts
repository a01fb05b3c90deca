import { formatRid } from '#core/rid.ts';
import type { Run } from '../run-seed.ts';

interface ResultValue {
  outcome: string;
  cause?: string;
  output?: { echo?: string };
}

/** L1, S1 and S2: exactly one terminal record for every document, and the right one. */
export function checkTerminals({ world, documents, truth, broker }: Run): void {
  const byRid = Map.groupBy(truth.results, record => record.headers['flotilla-rid'] ?? '');
  const outcomes = new Map<string, ResultValue>();
  for (const [rid, document] of documents.byRid) {
    const records = byRid.get(rid) ?? [];
    if (records.length === 0) world.violate('L1 document never answered');
    if (records.length > 1) world.violate('S1 answered twice');
    const [record] = records;
    if (!record) continue;
    const value = JSON.parse(Buffer.from(record.value).toString()) as ResultValue;
    outcomes.set(rid, value);
    world.hit(`terminal ${value.outcome}`);
    const isGood = document.kind === 'good';
    if (value.outcome === 'succeeded' && !isGood) world.violate('S2 an answer to what is no question');
    if (value.outcome === 'succeeded' && value.output?.echo !== document.echo)
      world.violate('S2 answer of another document');
    if (value.outcome === 'rejected' && document.kind !== 'reject') world.violate('S2 a document rejected');
    if (document.kind === 'reject' && value.outcome !== 'rejected' && value.outcome !== 'duplicate') {
      world.violate('S2 a reject that is something else');
    }
    if (isGood && value.cause === 'invalid-request') world.violate('S2 a good document called invalid');
  }
  for (const rid of byRid.keys()) if (!documents.byRid.has(rid)) world.violate('S1 an answer to no document');
  const failed = [...outcomes.values()].filter(({ outcome }) => outcome !== 'succeeded').length;
  const letters = broker.cluster.committed('dead-letters', 0).length;
  if (world.violations.size === 0 && failed !== letters) world.violate('S1 dead letters and failed results differ');
  checkKeys({ world, documents, truth }, outcomes);
}

/** Of the records with one key at most one is sent, and they are not all duplicates of nothing. */
function checkKeys(
  { world, documents, truth }: Pick<Run, 'world' | 'documents' | 'truth'>,
  outcomes: Map<string, ResultValue>,
) {
  const keyed = [...documents.byRid.values()].filter(({ key }) => key !== null);
  const sent = new Set<string>();
  for (const batch of truth.sent()) for (const item of batch) sent.add(formatRid(item));
  for (const group of Map.groupBy(keyed, ({ key }) => key).values()) {
    if (group.filter(({ rid }) => sent.has(rid)).length > 1) world.violate('S3 one key bought twice');
    if (group.every(({ rid }) => outcomes.get(rid)?.outcome === 'duplicate')) world.violate('S2 duplicates of nothing');
  }
}
