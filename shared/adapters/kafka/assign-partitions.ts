export interface GroupMember {
  id: string;
  /** What it has had until now, as it says itself. */
  owned: readonly number[];
}

/**
 * Shares out partitions evenly, and leaves with each member as many of its own as its share allows: what moves has to be read
 * again. Where two say they own the same, the first one by id keeps it.
 */
export function assignPartitions(members: readonly GroupMember[], count: number): Map<string, number[]> {
  const inOrder = members.toSorted((left, right) => (left.id < right.id ? -1 : 1));
  const shares = shareSizes(inOrder, count);
  const free = new Set(Array.from({ length: count }, (_, partition) => partition));
  const assigned = new Map<string, number[]>();
  for (const [index, { id, owned }] of inOrder.entries()) {
    const kept = [...new Set(owned)].filter(partition => free.has(partition)).slice(0, shares[index]);
    for (const partition of kept) free.delete(partition);
    assigned.set(id, kept);
  }
  const rest = free.values();
  for (const [index, { id }] of inOrder.entries()) {
    const mine = assigned.get(id) as number[];
    while (mine.length < (shares[index] as number)) mine.push(rest.next().value as number);
  }
  return assigned;
}

/** Those who own most have what cannot be shared evenly, so that it does not move. */
function shareSizes(members: readonly GroupMember[], count: number): number[] {
  const least = Math.floor(count / members.length);
  const more = members
    .map(({ owned }, index) => ({ owned: owned.length, index }))
    .toSorted((left, right) => right.owned - left.owned || left.index - right.index)
    .slice(0, count % members.length);
  const withMore = new Set(more.map(({ index }) => index));
  return members.map((_, index) => least + (withMore.has(index) ? 1 : 0));
}
