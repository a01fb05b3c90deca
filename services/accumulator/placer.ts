import { buildRequest, requestParams } from '#core/build-request.ts';
import { isPriced } from '#core/cost.ts';
import type { Document } from '#core/document.ts';
import type { LaneItem, LaneSettings, SourceOfAnswer } from '#core/lane.ts';
import { bytesPerTokenUsual } from '#core/limits.ts';
import { siblingKey } from '#core/prompt-cache/siblings.ts';
import { raisedRecipe } from '#core/raise-max-tokens.ts';
import { asIsRecipe, type Recipe } from '#core/recipe.ts';
import type { Rid } from '#core/rid.ts';
import { hasOwnCap } from '#core/view.ts';
import type { Clock } from '#ports/clock.ts';
import type { ReadDocument } from '#runtime/document-reader.ts';
import type { RecipeBook } from '#runtime/recipe-book.ts';
import { modelOf, type Routing, type TaskRoute } from '#runtime/routing.ts';
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

/** Which purchase of a document it is, and how many came before. */
export type Tries = Rid & { att: number; charged: number; uncharged: number; key: string | null };

/** What an item is in its lane, beside what its record and its tries say. */
type Asked = Pick<LaneItem, 'value' | 'bytes' | 'tokens' | 'blocks' | 'kind' | 'requestKey' | 'of'>;

/** Of an item that is not sent. */
const unsent: Asked = {
  value: new Uint8Array(0),
  bytes: 0,
  tokens: 0,
  blocks: null,
  kind: null,
  requestKey: null,
  of: null,
};

/** Which lane a record belongs to, and what it is there: to be asked for, a reject, or a taker of another's answer. */
export class Placer {
  readonly #ports: PlacerPorts;
  readonly #lanes: Pick<Lanes, 'get'>;
  readonly #planner: BatchPlanner;
  readonly #reuse: ReuseDesk | null;
  readonly #sealSpans: SealSpans | null;
  /** Keys of lanes without anything special: one string each, whose hash is known, instead of a new one for each document. */
  readonly #plainKeys = new WeakMap<TaskRoute, string>();
  /** Bytes of a request beside what its document brings. */
  readonly #bytesAround = new WeakMap<Recipe, number>();

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
    if (parsed.is === 'document' && !envelope.fault) return this.#sendable(parsed.document, read, arrival);
    const item = laneItem(read, arrival.tries, unsent);
    item.deadlineAt = Number.MAX_SAFE_INTEGER;
    return { item, settings: this.#ports.routing.rejectLane };
  }

  /** The item that is asked for, unless it takes another's answer. */
  #sendable(document: Document, read: ReadDocument, { tries, bound, isRaised, of }: Arrival): Placed {
    const { routing, recipes, clock, follower } = this.#ports;
    const { run, tenant } = read.envelope;
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
    if (of) {
      const item = laneItem(read, tries, { ...unsent, of });
      return { item, settings: waitingLane(this.#settings(key, { route, recipe, bound }), of) };
    }
    const { requestKey, source } = this.#reuse?.decide(read, { route, att: tries.att }) ?? notReusable;
    if (source) {
      const item = laneItem(read, tries, { ...unsent, of: source.of });
      return { item, settings: reuseLane(this.#settings(key, { route, recipe, bound }), source) };
    }
    const { value } = read.record;
    const bytes = value.byteLength + this.#bytesAroundOf(frozen);
    const tokens = Math.ceil(bytes / bytesPerTokenUsual);
    const hasPrice = isPriced(modelOf(document.ask, frozen), { promptTokens: bytes, at: clock.now() });
    // What has no price parks under any cap on money: it must not hold back those that have one.
    const laneKey = hasPrice ? key : `${key}|unpriced`;
    const lane = this.#lanes.get(laneKey) ?? this.#settings(laneKey, { route, recipe, bound });
    const blocks = lane.cache && this.#planner.blocksOf(lane.key, requestParams(document.ask, frozen, tries));
    const kind = blocks && siblingKey(blocks);
    return {
      item: laneItem(read, tries, { value, bytes, tokens, blocks, kind, requestKey, of: null }),
      settings: lane,
    };
  }

  #bytesAroundOf(recipe: Recipe): number {
    let bytes = this.#bytesAround.get(recipe);
    if (bytes === undefined) {
      const empty = { shape: 'content', content: '' } as const;
      bytes =
        recipe === asIsRecipe ? 0 : Buffer.byteLength(buildRequest(empty, recipe, { partition: 0, offset: 0, att: 0 }));
      this.#bytesAround.set(recipe, bytes);
    }
    return bytes;
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

/** Written out: of each document one is made, and copies of objects into objects would be as many bytes as the document. */
function laneItem({ envelope }: ReadDocument, tries: Tries, asked: Asked): LaneItem {
  return {
    partition: tries.partition,
    offset: tries.offset,
    att: tries.att,
    charged: tries.charged,
    uncharged: tries.uncharged,
    key: tries.key,
    run: envelope.run,
    tenant: envelope.tenant,
    deadlineAt: envelope.deadlineAt,
    value: asked.value,
    bytes: asked.bytes,
    tokens: asked.tokens,
    blocks: asked.blocks,
    kind: asked.kind,
    addedAt: 0,
    requestKey: asked.requestKey,
    of: asked.of,
  };
}
