/**
 * What a replay claims when it is sealed: however often it is sent, it is bought once (C21).
 * @param replay.rid of the document that is replayed, as `formatRid` writes it
 * @param replay.count which replay of it this is, from 1
 */
export const replayKey = ({ rid, count }: { rid: string; count: number }): string => `replay-of.${rid}#${count}`;
