import type { Projection } from '#projection/projection.ts';
import type { LoadedConfig } from '#runtime/config/load-config.ts';
import type { CommandContext } from '../command-context.ts';
import { type OpenState, openState } from '../open-state.ts';
import { openProjection, projectionPath } from './open-projection.ts';

/**
 * Reads the projection, brought up to the end of the log; it and the log are closed behind `read`.
 * @throws FlotillaError not-found where nothing was run, and those of `openProjection`
 */
export async function withProjection<Found>(
  { settings, context: { isJson, say } }: { settings: LoadedConfig; context: Pick<CommandContext, 'isJson' | 'say'> },
  read: (opened: { projection: Projection; state: OpenState }) => Found | Promise<Found>,
): Promise<Found> {
  const state = await openState(settings);
  try {
    const path = projectionPath(settings, state.place);
    const projection = await openProjection({ path, log: state.log, say: isJson ? () => {} : say });
    try {
      return await read({ projection, state });
    } finally {
      projection.close();
    }
  } finally {
    await state.close();
  }
}
