import type { Place } from './place.ts';

export interface GroupPosition extends Place {
  /** As the broker calls it. */
  group: string;
  offset: number;
  metadata?: string | undefined;
}

export interface TopicPositions {
  topic: string;
  partitions: { partition: number; offset: string; metadata: string | null }[];
}

/** Positions of one group, as a request to commit them names them: of each partition what was said last. */
export function positionsByTopic(positions: readonly GroupPosition[]): TopicPositions[] {
  return [...Map.groupBy(positions, ({ topic }) => topic)].map(([topic, some]) => {
    const last = new Map(some.map(position => [position.partition, position]));
    const partitions = [...last.values()].map(({ partition, offset, metadata }) => {
      return { partition, offset: String(offset), metadata: metadata ?? null };
    });
    return { topic, partitions };
  });
}
