import { addWorst, type WorstCost } from './caps/cap-worst-case.ts';
import type { LaneItem } from './lane.ts';
import type { Item } from './view.ts';

/**
 * What a create needs, built once at seal: one line of JSON about the items, then one line a request body (JSON text has
 * no raw line breaks). A cache: whoever does not find it builds it again from documents and recipe.
 */
export interface Payload {
  /** `[partition, offset, att]` of each body, in order. */
  claims: readonly (readonly [number, number, number])[];
  /** Earliest time after which an item of it must not be created, ms since the epoch. */
  deadlineAt: number;
  /** Of all its items: tenants share no batch. */
  tenant: string | null;
  /** Nanodollars at worst, by run (`''`: no run); null when a price is unknown. */
  costMaxByRun: Readonly<Record<string, WorstCost | null>>;
  bodies: readonly string[];
}

export type PayloadItem = Pick<
  LaneItem,
  'partition' | 'offset' | 'att' | 'run' | 'tenant' | 'deadlineAt' | 'body' | 'costMax'
>;

export function buildPayload(items: readonly PayloadItem[]): Payload {
  const costMaxByRun = new Map<string, WorstCost | null>(); // a run may have the name of a property of every object
  let deadlineAt = Number.MAX_SAFE_INTEGER;
  for (const { run, costMax, deadlineAt: until } of items) {
    const before = costMaxByRun.get(run ?? '');
    costMaxByRun.set(run ?? '', costMax && before ? addWorst(before, costMax) : before === null ? null : costMax);
    deadlineAt = Math.min(deadlineAt, until);
  }
  const claims = items.map(({ partition, offset, att }) => [partition, offset, att] as const);
  const tenant = items[0]?.tenant ?? null;
  const bodies = items.map(item => item.body);
  return { claims, deadlineAt, tenant, costMaxByRun: Object.fromEntries(costMaxByRun), bodies };
}

export function encodePayload({ bodies, ...head }: Payload): Uint8Array {
  return Buffer.from([JSON.stringify(head), ...bodies].join('\n'));
}

/** @returns null when the bytes are no payload: it is built again */
export function decodePayload(bytes: Uint8Array): Payload | null {
  const [head, ...bodies] = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8').split('\n');
  try {
    const payload = { ...(JSON.parse(head ?? '') as Omit<Payload, 'bodies'>), bodies };
    // One without a tenant was stored by an earlier program, and says less of what it costs.
    return payload.claims.length === bodies.length && payload.tenant !== undefined ? payload : null;
  } catch {
    return null;
  }
}

/** True when the payload holds exactly what the batch won, in its order; else it has to be built again. */
export const isPayloadOf = (payload: Payload, items: readonly Item[]): boolean =>
  payload.claims.length === items.length &&
  payload.claims.every(([partition, offset, att], index) => {
    const item = items[index] as Item;
    return item.partition === partition && item.offset === offset && item.att === att;
  });
