import { setImmediate as nextTurn } from 'node:timers/promises';
import { type FetchedPartition, fetchRequest } from './fetch-request.ts';
import type { KafkaClient } from './kafka-client.ts';
import { codes, KafkaError } from './kafka-error.ts';
import { type Place, placeKey } from './place.ts';

interface Wanted {
  place: Place;
  from: number;
  bytesMax: number;
  resolve(fetched: FetchedPartition): void;
  reject(error: unknown): void;
}

type Broker = Awaited<ReturnType<KafkaClient['leader']>>;

/**
 * Fetches that do not wait. What is asked for in the same turn goes to a broker in one request: a worker looks at the ends of
 * all settled partitions after each batch, and a request for each of them was the largest cost of worker and broker alike.
 */
export class SharedFetches {
  readonly #client: KafkaClient;
  readonly #wanted = new Map<Broker, Wanted[]>();

  constructor(client: KafkaClient) {
    this.#client = client;
  }

  /** @throws KafkaError unknownTopicOrPartition; other errors of the partition stand in the reply */
  async fetch(place: Place, options: { from: number; bytesMax: number }): Promise<FetchedPartition> {
    const fetched = await this.#ask(place, options);
    const isLeftOut = fetched.error === 0 && fetched.bytes.length === 0 && fetched.stableOffset > options.from;
    // A reply has room for so much: only its first partition is sure to get a batch, however large that is.
    return isLeftOut ? this.#askAlone(place, options) : fetched;
  }

  async #ask(place: Place, options: { from: number; bytesMax: number }): Promise<FetchedPartition> {
    const broker = await this.#client.leader(place.topic, place.partition);
    const { promise, resolve, reject } = Promise.withResolvers<FetchedPartition>();
    const wanted = { place, ...options, resolve, reject };
    const others = this.#wanted.get(broker);
    if (others) others.push(wanted);
    else {
      this.#wanted.set(broker, [wanted]);
      void this.#sendSoon(broker);
    }
    return promise;
  }

  async #askAlone(place: Place, options: { from: number; bytesMax: number }): Promise<FetchedPartition> {
    const broker = await this.#client.leader(place.topic, place.partition);
    const { promise, resolve, reject } = Promise.withResolvers<FetchedPartition>();
    void this.#send(broker, [{ place, ...options, resolve, reject }]);
    return promise;
  }

  async #sendSoon(broker: Broker): Promise<void> {
    await nextTurn(); // not merely a microtask: what a reply sets going asks again one after the other
    const wanted = this.#wanted.get(broker) ?? [];
    this.#wanted.delete(broker);
    for (const some of requestsOf(wanted)) void this.#send(broker, some);
  }

  async #send(broker: Broker, wanted: readonly Wanted[]): Promise<void> {
    const { requestTimeoutMs: timeoutMs } = this.#client;
    const partitions = wanted.map(({ place, from }) => ({ ...place, from }));
    const [{ bytesMax }] = wanted as [Wanted];
    try {
      const reply = await this.#client.send(broker, fetchRequest({ partitions, waitMs: 0, bytesMax, timeoutMs }));
      const byPlace = new Map(reply.map(fetched => [placeKey(fetched), fetched]));
      for (const { place, resolve, reject } of wanted) {
        const fetched = byPlace.get(placeKey(place));
        if (fetched) resolve(fetched);
        else reject(new KafkaError(codes.unknownTopicOrPartition, placeKey(place)));
      }
    } catch (error) {
      for (const { reject } of wanted) reject(error);
    }
  }
}

/** In a request no partition is named twice, and all want about as much. */
function requestsOf(wanted: readonly Wanted[]): Wanted[][] {
  const requests: { bytesMax: number; places: Set<string>; wanted: Wanted[] }[] = [];
  for (const each of wanted) {
    const key = placeKey(each.place);
    let request = requests.find(({ bytesMax, places }) => bytesMax === each.bytesMax && !places.has(key));
    if (request === undefined) {
      request = { bytesMax: each.bytesMax, places: new Set(), wanted: [] };
      requests.push(request);
    }
    request.places.add(key);
    request.wanted.push(each);
  }
  return requests.map(request => request.wanted);
}
