import { z } from 'zod';
import { capPeriods } from '#core/journal.ts';
import { parseDollars } from '#core/money.ts';
import { taskNameSchema } from './task-config.ts';

const scope = z
  .string()
  .refine(isScope, 'must be fleet, tenant:<name> or task:<name>')
  .describe('Whose money: all of it, that of a tenant, that of a task.');

const capSchema = z.strictObject({
  scope,
  period: z.enum(capPeriods).describe('Per day or month (UTC), by when it was committed; or in total.'),
  limit: z
    .string()
    .refine(text => parseDollars(text) !== null, 'must be dollars such as "$20" or "0.50"')
    .describe('What may be spent.'),
});

/** Hard limits on money. What would exceed one waits before it is bought; nothing fails, and nobody waits behind it. */
export const capsConfigSchema = z
  .array(capSchema)
  .refine(hasNoTwins, 'has two limits for one scope and period')
  .optional()
  .meta({
    description:
      'Hard limits on money, such as `[{ scope: "task:classify", period: "day", limit: "$20" }]`. An empty list lifts them all; without this section they stay as they are.',
    shownAs: 'list of scope, period and limit',
  });

export type CapConfig = z.output<typeof capSchema>;

function isScope(text: string): boolean {
  if (text === 'fleet') return true;
  const [, kind, name = ''] = /^(tenant|task):([\s\S]+)$/.exec(text) ?? [];
  return kind === 'tenant' ? name.length <= 512 : kind === 'task' && taskNameSchema.safeParse(name).success;
}

function hasNoTwins(caps: readonly { scope: string; period: string }[]): boolean {
  return new Set(caps.map(({ scope: of, period }) => `${period} ${of}`)).size === caps.length;
}
