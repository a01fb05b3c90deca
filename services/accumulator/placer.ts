import { buildRequest } from '#core/build-request.ts';
import { worstCost } from '#core/caps/cap-worst-case.ts';
import type { Document } from '#core/document.ts';
import type { LaneSettings, SourceOfAnswer } from '#core/lane.ts';
import { bytesPerTokenUsual } from '#core/limits.ts';
import { siblingKey } from '#core/prompt-cache/siblings.ts';
import { raisedRecipe } from '#core/raise-max-tokens.ts';
import type { Rid } from '#core/rid.ts';
import { hasOwnCap } from '#core/view.ts';
import type { Clock } from '#ports/clock.ts';
import type { ReadDocument } from '#runtime/document-reader.ts';
import type { RecipeBook } from '#runtime/recipe-book.ts';
import { type Routing, requestFacts, type TaskRoute } from '#runtime/routing.ts';
import type { ViewFollower } from '#runtime/view-follower.ts';
import type { BatchPlanner } from './batch-planner.ts';
import type { Lanes, Placed } from './lanes.ts';
import { notReusable, type ReuseDesk, reuseLane, waitingLane } from './reuse-desk.ts';
import type { SealSpans } from './seal-spans.ts';

export interface PlacerPorts {
  clock: Clock;
  follower: ViewFollower;
  recipes: RecipeBook;
  routing: Routing;
}

/** What is known of a record when it is put into a lane. */
export interface Arrival {
  tries: Tries;
  /** Items at most in its batch. */
  bound?: number | undefined;
  /** An answer of it was cut: it is asked with a raised cap. */
  isRaised?: boolean | undefined;
  /** Whose answer it goes on waiting for. */
  of?: SourceOfAnswer | null;
}

type Tries = Rid & { att: number; charged: number; uncharged: number; key: string | null };

/** Of an item that is not sent. */
const unsent = {
  body: '',
  bytes: 0,
  tokens: 0,
  costMax: null,
  blocks: null,
  kind: null,
  addedAt: 0,
  requestKey: null,
  of: null,
};

/** Which lane a record belongs to, and what it is there: a built request, a reject, or a taker of another's answer. */
export class Placer {
  readonly #ports: PlacerPorts;
  readonly #lanes: Pick<Lanes, 'get'>;
  readonly #planner: BatchPlanner;
  readonly #reuse: ReuseDesk | null;
  readonly #sealSpans: SealSpans | null;
  /** Keys of lanes without anything special: one string each, whose hash is known, instead of a new one for each document. */
  readonly #plainKeys = new WeakMap<TaskRoute, string>();

  constructor(
    ports: PlacerPorts,
    parts: {
      lanes: Pick<Lanes, 'get'>;
      planner: BatchPlanner;
      reuse: ReuseDesk | null;
      sealSpans: SealSpans | null;
    },
  ) {
    this.#ports = ports;
    this.#lanes = parts.lanes;
    this.#planner = parts.planner;
    this.#reuse = parts.reuse;
    this.#sealSpans = parts.sealSpans;
  }

  place(read: ReadDocument, arrival: Arrival): Placed {
    const placed = this.#itemOf(read, arrival);
    this.#sealSpans?.arrived(placed.item, read.record);
    this.#reuse?.placed(placed.item);
    return placed;
  }

  /** The item and the lane it belongs to: rejects have one of their own. */
  #itemOf(read: ReadDocument, arrival: Arrival): Placed {
    const { parsed, envelope } = read;
    const { run, tenant, fault } = envelope;
    if (parsed.is === 'document' && !fault) return this.#sendable(parsed.document, { read, ...arrival });
    const deadlineAt = Number.MAX_SAFE_INTEGER;
    return { item: { ...arrival.tries, run, tenant, deadlineAt, ...unsent }, settings: this.#ports.routing.rejectLane };
  }

  /** The item with its built request, unless it takes another's answer. */
  #sendable(document: Document, { read, tries, bound, isRaised, of }: Arrival & { read: ReadDocument }): Placed {
    const { routing, recipes, clock, follower } = this.#ports;
    const { run, deadlineAt, tenant } = read.envelope;
    const route = routing.routeOf(document);
    const frozen = isRaised ? raisedRecipe(route.recipe, document.ask) : route.recipe;
    const recipe = recipes.nameOf(frozen);
    const isCapped = hasOwnCap(follower.view, run);
    // A run with a cap of its own parks alone: it must not hold back its neighbours. Tenants share no batch.
    const isPlain = bound === undefined && !isCapped && !isRaised && tenant === null;
    const known = isPlain ? this.#plainKeys.get(route) : undefined;
    const key =
      known ?? `${route.account}|${recipe}|${bound ?? ''}|${isCapped ? run : ''}${tenant === null ? '' : `|${tenant}`}`;
    if (isPlain && known === undefined) this.#plainKeys.set(route, key);
    const common = { ...tries, run, tenant, deadlineAt };
    const laneOf = { route, recipe, bound };
    if (of) return { item: { ...common, ...unsent, of }, settings: waitingLane(this.#settings(key, laneOf), of) };
    const { requestKey, source } = this.#reuse?.decide(read, { route, att: tries.att }) ?? notReusable;
    if (source) {
      const item = { ...common, ...unsent, of: source.of };
      return { item, settings: reuseLane(this.#settings(key, laneOf), source) };
    }
    const body = buildRequest(document.ask, frozen, tries);
    const bytes = Buffer.byteLength(body);
    const costMax = worstCost({ ...requestFacts(document, frozen), body, bytes }, clock.now());
    const tokens = Math.ceil(bytes / bytesPerTokenUsual);
    // What has no price parks under any cap on money: it must not hold back those that have one.
    const laneKey = costMax === null ? `${key}|unpriced` : key;
    const lane = this.#lanes.get(laneKey) ?? this.#settings(laneKey, laneOf);
    const blocks = this.#planner.blocksOf(lane, body);
    const kind = blocks && siblingKey(blocks);
    const item = { ...common, body, bytes, tokens, costMax, blocks, kind, addedAt: 0, requestKey, of: null };
    return { item, settings: lane };
  }

  #settings(key: string, options: { route: TaskRoute; recipe: string; bound: number | undefined }): LaneSettings {
    const { route, recipe, bound } = options;
    return {
      type: 'batch',
      account: route.account,
      recipe,
      ...route.lane,
      itemsMax: Math.min(bound ?? route.lane.itemsMax, route.lane.itemsMax),
      cache: this.#planner.policyOf(route.account, route.cache),
      key,
    };
  }
}
