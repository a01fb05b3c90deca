import type { PromptBlocks, PromptPosition } from './prompt-positions.ts';

/** A prefix that items of a batch share. */
export interface SharedPrefix extends PromptPosition {
  depth: number;
  /** Items that begin with it. */
  count: number;
  /** The next shorter prefix that is shared by more items than this one; null when there is none. */
  parent: SharedPrefix | null;
}

export const prefixAt = (
  { part, hash, outline, tokens, canMark }: PromptPosition,
  shared: Pick<SharedPrefix, 'depth' | 'count' | 'parent'>,
): SharedPrefix => ({ part, hash, outline, tokens, canMark, ...shared });

/** Prefixes that are followed at one depth, and kept of one batch. */
export const sharedPrefixesMax = 64;

/**
 * The prefixes that at least two items share, each as long as all its items share it: what is shorter and shared by the
 * same items says nothing more. Shallowest first, at one depth the most shared first. Only hashes are compared.
 */
export function sharedPrefixes(items: readonly PromptBlocks[]): SharedPrefix[] {
  const longest: SharedPrefix[] = [];
  let groups: Group[] = [{ items, prefix: null }];
  for (let depth = 1; groups.length > 0; depth += 1) {
    const next: Group[] = [];
    for (const group of groups) {
      const parts = splitAt(depth, group);
      const goesOn = parts.some(({ prefix }) => prefix?.count === group.prefix?.count);
      if (group.prefix && !goesOn) longest.push(group.prefix);
      next.push(...parts);
    }
    groups = next.sort((a, b) => b.items.length - a.items.length).slice(0, sharedPrefixesMax);
  }
  return longest
    .sort((a, b) => b.count - a.count || b.tokens - a.tokens || (a.hash < b.hash ? -1 : 1))
    .slice(0, sharedPrefixesMax)
    .sort((a, b) => a.depth - b.depth || b.count - a.count || (a.hash < b.hash ? -1 : 1));
}

/** Items with one prefix; `prefix` ends at the last of its blocks that may carry a marker. */
interface Group {
  items: readonly PromptBlocks[];
  prefix: SharedPrefix | null;
}

function splitAt(depth: number, { items, prefix: before }: Group): Group[] {
  const groups: Group[] = [];
  for (const same of alikeAt(depth, items)) {
    const position = same[0]?.positions[depth - 1];
    if (!position) continue;
    // A prefix of fewer items lies behind the longest one that more items share.
    const parent = before && before.count > same.length ? before : (before?.parent ?? null);
    const prefix = position.canMark ? prefixAt(position, { depth, count: same.length, parent }) : before;
    groups.push({ items: same, prefix });
  }
  return groups;
}

/** Items that have a prefix of that depth in common. Hashes are asked for only where the outlines are the same. */
function alikeAt(depth: number, items: readonly PromptBlocks[]): PromptBlocks[][] {
  const end = depth - 1;
  return severalBy(items, ({ positions }) => positions[end]?.outline).flatMap(outlined =>
    severalBy(outlined, ({ positions }) => positions[end]?.hash),
  );
}

const severalBy = <Trait>(items: readonly PromptBlocks[], traitOf: (item: PromptBlocks) => Trait): PromptBlocks[][] =>
  [...Map.groupBy(items, traitOf).values()].filter(({ length }) => length > 1);
