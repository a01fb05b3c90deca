/** Keys of the Kafka protocol that faults aim at. */
export const kafkaKeys = { produce: 0, fetch: 1, heartbeat: 12, addPartitionsToTxn: 24, endTxn: 26 } as const;

/** Cuts what a Kafka client sends into its requests: each begins with its length and the key of what it asks for. */
export class KafkaRequests {
  #rest: Buffer = Buffer.alloc(0);

  /** @returns the requests that are whole now, with their length before them */
  take(piece: Buffer): Buffer[] {
    const requests: Buffer[] = [];
    this.#rest = Buffer.concat([this.#rest, piece]);
    while (this.#rest.length >= 4 && this.#rest.length >= 4 + this.#rest.readUInt32BE(0)) {
      const end = 4 + this.#rest.readUInt32BE(0);
      requests.push(this.#rest.subarray(0, end));
      this.#rest = this.#rest.subarray(end);
    }
    return requests;
  }

  /** What is left of a request when the client has said all. */
  rest(): Buffer {
    return this.#rest;
  }
}

export const keyOfRequest = (request: Buffer): number => (request.length < 6 ? -1 : request.readInt16BE(4));
