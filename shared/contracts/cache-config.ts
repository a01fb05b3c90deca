import { z } from 'zod';
import { cacheModes } from '#core/prompt-cache/cache-plan.ts';
import { holdBackDefault, primesPerHourDefault, primesPerHourMax } from './config-defaults.ts';

const mode = z.enum(cacheModes);
const holdBack = z.number().min(0).max(1);

/** Markers for shared prefixes. Off means the bytes on the wire, and in the log, are those of a program without it. */
export const cacheConfigSchema = z.strictObject({
  mode: mode
    .default('off')
    .describe('Cache markers: `on` sets them where they pay, `shadow` only says where it would, `off` does nothing.'),
  holdBack: holdBack
    .default(holdBackDefault)
    .describe(
      'Share of batches that go without markers although they would pay: what is saved is measured against them.',
    ),
  primesPerHour: z
    .int()
    .min(0)
    .max(primesPerHourMax)
    .default(primesPerHourDefault)
    .describe(
      'Calls an hour, by all processes together, that write a cache entry just before a batch; never more. 0: none.',
    ),
});

/** What a task has of its own; what it does not say is as above. */
export const taskCacheConfigSchema = z.strictObject({
  mode: mode.optional().describe('Cache markers of this task, when not as in `cache.mode`.'),
  holdBack: holdBack.optional().describe('Its share without markers, when not as in `cache.holdBack`.'),
});
