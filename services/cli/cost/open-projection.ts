import { join } from 'node:path';
import type { Log } from '#ports/log.ts';
import { Projection } from '#projection/projection.ts';
import type { LoadedConfig } from '#runtime/config/load-config.ts';

/** Where the projection of a state folder, or of a fleet as seen from here, is kept. A console has the same one. */
export const projectionPath = (settings: LoadedConfig, place: string): string =>
  settings.fleet
    ? join(settings.stateDirectory, 'console', settings.fleet.topicPrefix, projectionName)
    : join(place, 'console', projectionName);

const projectionName = 'projection.db';
/** Longer than this, and whoever waits is told for what. */
const quietMs = 2_000;

/**
 * Opens it and reads the log to its end; the next command goes on from there.
 * @throws FlotillaError log-unavailable | disk-full
 */
export async function openProjection(options: {
  path: string;
  log: Log;
  say: (text: string) => void;
}): Promise<Projection> {
  const { path, log, say } = options;
  const projection = await Projection.open({ path, log });
  const startedAt = performance.now();
  let isTold = false;
  try {
    while (!(await projection.advance())) {
      if (isTold || performance.now() - startedAt < quietMs) continue;
      isTold = true;
      say('reading the log; the next time only what is new\n');
    }
    return projection;
  } catch (error) {
    projection.close();
    throw error;
  }
}
