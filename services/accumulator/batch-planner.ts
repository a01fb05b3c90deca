import { forgetOldest } from '#core/forget-oldest.ts';
import type { Lane, LaneItem } from '#core/lane.ts';
import { type CachePlan, type CachePolicy, cacheModeDoes } from '#core/prompt-cache/cache-plan.ts';
import { planCache } from '#core/prompt-cache/plan-cache.ts';
import { promptBlocks } from '#core/prompt-cache/prompt-blocks.ts';
import { PromptHeads } from '#core/prompt-cache/prompt-heads.ts';
import type { PromptBlocks } from '#core/prompt-cache/prompt-positions.ts';
import type { PromptParams } from '#core/prompt-cache/read-prompt.ts';
import type { CacheLever } from '#ports/batch-provider.ts';
import type { Clock } from '#ports/clock.ts';
import type { Telemetry } from '#ports/telemetry.ts';
import type { ViewFollower } from '#runtime/view-follower.ts';

export interface BatchPlannerPorts {
  clock: Clock;
  telemetry: Telemetry;
  follower: ViewFollower;
  /** By account name. Those that are not configured here get no markers. */
  accounts: ReadonlyMap<string, { provider: { cacheLever: CacheLever } }>;
  /** False: no call may write an entry ahead. */
  canPrime?: boolean;
}

/** The cache plans of batches as they are sealed, where the configuration wants any. */
export class BatchPlanner {
  readonly #ports: BatchPlannerPorts;
  /** By lane, because the requests of a lane are alike. */
  readonly #heads = new Map<string, PromptHeads>();

  constructor(ports: BatchPlannerPorts) {
    this.#ports = ports;
  }

  /** What a lane of this account and policy is to be planned by; null: nothing is looked at, parsed or hashed. */
  policyOf(account: string, policy: CachePolicy | undefined): CachePolicy | null {
    if (!policy || !cacheModeDoes[policy.mode].plans) return null;
    return this.#ports.accounts.get(account)?.provider.cacheLever === 'markers' ? policy : null;
  }

  /** Of a request in a lane that is planned. */
  blocksOf(laneKey: string, params: PromptParams): PromptBlocks {
    return promptBlocks(params, this.#headsOf(laneKey));
  }

  /** The plan of a batch; null is none, and nothing to say in SEALED. */
  plan({ cache, items }: Lane, bk: string): CachePlan | null {
    if (!cache) return null;
    const { clock, telemetry, follower, canPrime = true } = this.#ports;
    const { lessons } = follower.view;
    const { mode, holdBack: holdoutShare } = cache;
    const batch = { bk, at: clock.now(), lessons, holdoutShare, mode, canPrime };
    let plan: CachePlan | null = null;
    for (const [model, blocks] of byModel(items)) {
      const planned = planCache({ ...batch, model, items: blocks });
      // The log tells of marks again, but not of prefixes without any, nor of their tokens and what was put at risk.
      for (const sighting of planned.sightings) lessons.see(sighting);
      plan = planned.plan;
      if (plan) break;
    }
    telemetry.count('flotilla_cache_plans_total', 1, { use: plan?.use ?? 'none' });
    return plan;
  }

  /** The batch was not sealed: what was planned for it is no experience. */
  forget(bk: string): void {
    this.#ports.follower.view.lessons.forget(bk);
  }

  #headsOf(key: string): PromptHeads {
    const heads = this.#heads.get(key) ?? new PromptHeads();
    this.#heads.delete(key);
    this.#heads.set(key, heads);
    forgetOldest(this.#heads, lanesRemembered);
    return heads;
  }
}

const lanesRemembered = 64;

/**
 * A plan has one model. Documents in the provider's shape may have several: the most frequent that is worth markers gets
 * them, the others go without.
 */
function byModel(items: readonly LaneItem[]): [model: string, blocks: PromptBlocks[]][] {
  const blocks = items.flatMap(item => item.blocks ?? []);
  const groups = [...Map.groupBy(blocks, ({ model }) => model)].sort(([, a], [, b]) => b.length - a.length);
  return groups.slice(0, modelsMax);
}

const modelsMax = 4;
