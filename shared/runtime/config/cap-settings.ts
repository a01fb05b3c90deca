import type { Config } from '#contracts/config.ts';
import { nearestName, quoted } from '#contracts/nearest-name.ts';
import { type MoneyCap, moneyScopeOf } from '#core/caps/cap-scopes.ts';
import { parseDollars } from '#core/money.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';

/**
 * The caps of the configuration; null when it has no such section, and then this process decides about none.
 * @throws FlotillaError invalid-config for a cap on a task that does not exist: it would hold nothing back
 */
export function toMoneyCaps({ caps, tasks }: Config, configPath: string | null): MoneyCap[] | null {
  if (caps === undefined) return null;
  return caps.map(({ scope, period, limit }, index) => {
    const task = scope.startsWith('task:') ? scope.slice('task:'.length) : null;
    if (task !== null && !Object.hasOwn(tasks, task)) throw unknownTask(task, { index, tasks, configPath });
    return { scope: moneyScopeOf(scope), period, limit: parseDollars(limit) ?? 0 };
  });
}

function unknownTask(
  task: string,
  { index, tasks, configPath }: { index: number; tasks: Config['tasks']; configPath: string | null },
): FlotillaError {
  const where = `${configPath === null ? '' : `${configPath}: `}caps.${index}.scope`;
  const meant = nearestName(task, Object.keys(tasks));
  const why = `there is no task ${quoted(task)}${meant === null ? '' : `; did you mean "task:${meant}"?`}`;
  return new FlotillaError('invalid-config', { where, why });
}
