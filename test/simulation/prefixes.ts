import type { CacheLessons } from '#core/prompt-cache/cache-lessons.ts';
import type { CacheMode } from '#core/prompt-cache/cache-plan.ts';
import type { TaskRoute } from '#runtime/routing.ts';
import { createRouting, type LaneBounds, type Routing } from '#runtime/routing.ts';
import { echoRecipe, lane, simulatedTasks } from './documents.ts';
import { accountName } from './provider-world.ts';
import { createRandom } from './random.ts';
import { epoch, type World } from './world.ts';

/** What the documents of a run share, and what its configuration makes of it. */
export interface Prefixes {
  mode: CacheMode;
  /** Instructions beyond the model's minimum; else nothing is worth a marker. */
  areLong: boolean;
  /** How much dearer its documents are, so that caps bite as they do without. */
  moneyFactor: number;
  primesPerHour: number;
  routing: Routing;
  /** What workers have learnt before the run: else so few documents would never be primed. */
  teach(lessons: CacheLessons): void;
}

/** Far more than a configuration would hold back: held-back batches have to be met. */
const holdBack = 0.2;
const instructionBytes = 2_600;
const longLane: LaneBounds = { ...lane, itemsMax: 12, ageMsMax: 4_000 };

export function drawPrefixes({ random, setting, seed }: World): Prefixes {
  const drawn = random.pick<CacheMode>(['off', 'shadow', 'on', 'on']);
  const mode = setting.cache === 'drawn' ? drawn : setting.cache;
  const areLong = random.chance(setting.cache === 'drawn' ? 0.6 : 0.9);
  const routes = simulatedTasks.map((task): [string, TaskRoute] => {
    const instructions = areLong ? { instructions: longInstructions(task) } : {};
    const recipe = {
      ...echoRecipe,
      task,
      ...instructions,
      ...(setting.reusesAnswers ? { reusable: true as const } : {}),
    };
    return [task, { account: accountName, recipe, lane: areLong ? longLane : lane, cache: { mode, holdBack } }];
  });
  const asIs = { account: accountName, lane, cache: { mode, holdBack } };
  return {
    mode,
    areLong,
    moneyFactor: areLong ? 4 : 1,
    // By a chance of its own: the rest of the seed does not depend on how many there are to choose from.
    primesPerHour: createRandom(seed).pick(setting.primesPerHour),
    routing: createRouting({ tasks: new Map(routes), asIs }),
    teach: lessons => teach(lessons, seed),
  };
}

const longInstructions = (task: string): string =>
  `${instructionsHead(task)} `.padEnd(instructionBytes, 'Repeat what you are asked to, and nothing else. ');

/** How a task's instructions begin: whose a prime was is seen from it. */
export const instructionsHead = (task: string): string => `You are the task ${task}.`;

/** Batches of every size in which a primed prefix was read by all. */
function teach(lessons: CacheLessons, seed: number): void {
  for (let count = 0; count < taughtBatches; count++) {
    const items = 1 + (count % longLane.itemsMax);
    lessons.learn({
      bk: `taught-${seed}-${count}`,
      hash: 'taught',
      model: echoRecipe.model ?? '',
      ttl: count % 2 === 0 ? '5m' : '1h',
      use: 'marked',
      isPrimed: true,
      items,
      prefixTokens: 1_000,
      promptTokens: items * 1_100,
      hits: items,
      readTokens: items * 1_000,
      writtenTokens: 0,
      at: epoch - 60_000,
    });
  }
}

const taughtBatches = 120;
