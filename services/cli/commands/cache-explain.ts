import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseDocument } from '#contracts/parse-document.ts';
import type { Document } from '#core/document.ts';
import { CacheLessons } from '#core/prompt-cache/cache-lessons.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { LoadedConfig } from '#runtime/config/load-config.ts';
import { CacheExplainer } from '../cache/explain-batches.ts';
import { laneSourceOf } from '../cache/lane-source.ts';
import { explainedJson, renderExplained } from '../cache/render-explained.ts';
import type { Command, CommandContext } from '../command-context.ts';
import { withProjection } from '../cost/with-projection.ts';
import { exitCodes } from '../exit-codes.ts';
import { readInput } from '../input/read-input.ts';
import { checkTask, loadSettings } from '../load-settings.ts';
import { timeScaleOf } from '../time-scale.ts';

export interface CacheExplainOptions {
  /** A file of documents, or the name of a task. */
  of: string;
  task?: string;
}

/** `flotilla cache explain`: what the planner of cache markers would do with these documents, and why. Buys nothing. */
export const cacheExplain =
  ({ of, task: taskName }: CacheExplainOptions): Command =>
  async context => {
    const settings = await loadSettings(context);
    const explainer = new CacheExplainer();
    const isTask = settings.tasks.has(of) && !existsSync(resolve(context.directory, of));
    if (isTask) addTask(of, settings, explainer);
    else await addFile({ path: of, task: checkTask(taskName, settings) }, settings, explainer);
    const lessons = await learned(settings, context);
    lessons.timeScale = timeScaleOf(settings);
    const lanes = explainer.explain(lessons, Date.now());
    const { others } = explainer;
    if (context.isJson) await context.out(`${JSON.stringify({ of, ...explainedJson(lanes, others) })}\n`);
    else await context.out(renderExplained({ name: of === '-' ? 'stdin' : of, lanes, others }, context.outLook));
    return exitCodes.done;
  };

async function addFile(input: { path: string; task: string | null }, settings: LoadedConfig, to: CacheExplainer) {
  for await (const record of readInput(input)) {
    const parsed = parseDocument(record, { tasks: settings.tasks, hasAnthropic: true });
    if (parsed.is === 'document') to.add(parsed.document, laneSourceOf(parsed.document, settings));
  }
}

/** As many documents as fill a batch, with nothing in common but the task. */
function addTask(name: string, settings: LoadedConfig, to: CacheExplainer): void {
  const itemsMax = settings.tasks.get(name)?.lane.itemsMax ?? 0;
  for (let index = 0; index < itemsMax; index += 1) {
    const ask = { shape: 'content', content: `document ${index}` } as const;
    const document: Document = { customId: String(index), ask, metadata: undefined, task: name };
    to.add(document, laneSourceOf(document, settings));
  }
}

/** What batches have shown so far; nothing where nothing was run. */
async function learned(settings: LoadedConfig, context: CommandContext): Promise<CacheLessons> {
  try {
    return await withProjection({ settings, context }, ({ projection }) => projection.view.lessons);
  } catch (error) {
    if (error instanceof FlotillaError && error.code === 'not-found') return new CacheLessons();
    throw error;
  }
}
