import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openRedisAnswerStore } from '#adapters/redis/open-redis-answer-store.ts';
import { answersFile, openSqliteAnswerStore } from '#adapters/sqlite/open-sqlite-answer-store.ts';
import type { AnswerStore } from '#ports/answer-store.ts';
import type { LoadedConfig } from '#runtime/config/load-config.ts';
import { openFleetRedis } from './fleet-redis.ts';
import { stateFolderOf } from './open-state.ts';

export interface OpenAnswers {
  store: AnswerStore;
  close(): Promise<void>;
}

/**
 * Where the answers of a folder or of a fleet stand, beside whatever is at work on it.
 * @returns null when nothing was ever kept there
 * @throws FlotillaError queue-unavailable | redis-unfit
 */
export async function openAnswers(settings: LoadedConfig): Promise<OpenAnswers | null> {
  if (settings.fleet) {
    const redis = await openFleetRedis(settings.fleet, { name: 'flotilla-cli' });
    return {
      store: openRedisAnswerStore({ redis, prefix: settings.fleet.topicPrefix }),
      close: () => redis.close(),
    };
  }
  const directory = stateFolderOf(settings);
  if (!existsSync(join(directory, answersFile))) return null;
  const store = openSqliteAnswerStore({ directory, now: Date.now });
  return { store, close: async () => store.close() };
}
