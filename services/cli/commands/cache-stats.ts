import { FlotillaError } from '#errors/flotilla-error.ts';
import { answerFiguresJson, renderAnswerFigures, sumAnswers } from '../cache/answer-figures.ts';
import type { Command } from '../command-context.ts';
import { exitCodes } from '../exit-codes.ts';
import { loadSettings } from '../load-settings.ts';
import { openAnswers } from '../open-answers.ts';

export interface CacheStatsOptions {
  /** Only of this one; absent: of all that give answers again. */
  task?: string;
}

/** `flotilla cache stats`: what giving answers again has saved. */
export const cacheStats =
  ({ task }: CacheStatsOptions): Command =>
  async context => {
    const loaded = await loadSettings(context);
    const caching = [...loaded.tasks.values()].filter(({ answers }) => answers !== null);
    const asked = caching.filter(({ name }) => task === undefined || name === task);
    if (task !== undefined && asked.length === 0) {
      throw new FlotillaError('invalid-usage', {
        where: `--task ${task}`,
        why: loaded.tasks.has(task) ? 'this task gives no answers again' : 'there is no such task',
        fix: `set tasks.${task}.answers.cache to true in the configuration`,
      });
    }
    const open = asked.length === 0 ? null : await openAnswers(loaded);
    try {
      const tasks = await Promise.all(
        asked.map(async ({ name, answers }) => {
          return { settings: answers ?? noAnswers, stats: (await open?.store.stats(name)) ?? null };
        }),
      );
      const figures = sumAnswers(tasks);
      if (context.isJson) await context.out(`${JSON.stringify(answerFiguresJson(figures))}\n`);
      else if (asked.length === 0) await context.out(`  ${noneText}\n`);
      else await context.out(renderAnswerFigures(figures));
      return exitCodes.done;
    } finally {
      await open?.close();
    }
  };

const noAnswers = { ttlMs: 0, entriesMax: 0 };
const noneText = 'no task gives answers again; tasks.NAME.answers.cache switches it on';
