/** A record's id: where it stands in the documents topic. Unique without any store. */
export interface Rid {
  partition: number;
  offset: number;
}

/** `<partition>/<offset>`, as it stands in answers and headers. */
export const formatRid = ({ partition, offset }: Rid): string => `${partition}/${offset}`;

/** @returns null unless `text` is exactly what `formatRid` writes */
export function parseRid(text: string): Rid | null {
  const match = /^(\d{1,9})\/(\d{1,15})$/.exec(text);
  if (!match) return null;
  const rid = { partition: Number(match[1]), offset: Number(match[2]) };
  return formatRid(rid) === text ? rid : null;
}

/** One purchase of one record: `<partition>-<offset>-<att>`, also the id of its retry job. */
export const claimKey = ({ partition, offset, att }: Rid & { att: number }): string => `${partition}-${offset}-${att}`;

/** @returns null unless `key` is exactly what `claimKey` writes */
export function parseClaimKey(key: string): (Rid & { att: number }) | null {
  const match = /^(\d{1,9})-(\d{1,15})-(\d{1,6})$/.exec(key);
  if (!match) return null;
  const claim = { partition: Number(match[1]), offset: Number(match[2]), att: Number(match[3]) };
  return claimKey(claim) === key ? claim : null;
}
