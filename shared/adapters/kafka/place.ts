/** A partition. */
export interface Place {
  /** As the broker calls it. */
  topic: string;
  partition: number;
}

export const placeKey = ({ topic, partition }: Place): string => `${topic}/${partition}`;
