import type { Rid } from './rid.ts';

/** Who a result line belongs to: it says fleet, batch, record and attempt by itself (protocol §2). */
export interface ItemIdentity extends Rid {
  fleet: string;
  bk: string;
  att: number;
}

const pattern = /^([a-z2-7]{6})-([a-z2-7]{12})-([0-9a-z]{1,7})-([0-9a-z]{1,10})-(\d{1,6})$/;

/** At most 47 characters of `[a-z0-9-]`; providers allow 64 of `[A-Za-z0-9_-]` (Anthropic, 2026-08). */
export function formatCustomId({ fleet, bk, partition, offset, att }: ItemIdentity): string {
  return `${fleet}-${bk}-${partition.toString(36)}-${offset.toString(36)}-${att}`;
}

/** @returns null unless `text` is exactly what `formatCustomId` writes: somebody else's line */
export function parseCustomId(text: string): ItemIdentity | null {
  const match = pattern.exec(text);
  if (!match) return null;
  const [, fleet, bk, partition, offset, att] = match as unknown as [string, string, string, string, string, string];
  const identity = {
    fleet,
    bk,
    partition: Number.parseInt(partition, 36),
    offset: Number.parseInt(offset, 36),
    att: Number(att),
  };
  return Number.isSafeInteger(identity.offset) && formatCustomId(identity) === text ? identity : null;
}
