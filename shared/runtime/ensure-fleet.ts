import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Ids } from '#ports/ids.ts';
import type { Log } from '#ports/log.ts';
import type { ViewFollower } from './view-follower.ts';

/**
 * Makes sure the log has a fleet id and is the log that the view was folded from.
 * @returns the fleet's id
 * @throws FlotillaError log-recreated when the documents end below what was claimed; log-newer; invalid-config when the
 * number of partitions has changed
 */
export async function ensureFleet({
  log,
  follower,
  ids,
}: {
  log: Log;
  follower: ViewFollower;
  ids: Ids;
}): Promise<string> {
  await follower.catchUpAll();
  refuseUnknown(follower);
  if (!follower.view.fleet) {
    const [partitions, settledPartitions] = [log.partitions('documents'), log.partitions('settled')];
    await follower.append({ kind: 'FLEET', fleet: ids.fleetId(), partitions, settledPartitions });
    await follower.catchUp();
    refuseUnknown(follower);
  }
  const { view } = follower;
  if (!view.fleet) throw new FlotillaError('log-unavailable', { why: 'the fleet record cannot be read back' });
  if (view.fleet.settledPartitions !== log.partitions('settled')) {
    const why = `the log was made with ${view.fleet.settledPartitions} settled partitions, not ${log.partitions('settled')}`;
    throw new FlotillaError('invalid-config', { where: 'settled', why, fix: 'this number is fixed for ever' });
  }
  for (let partition = 0; partition < log.partitions('documents'); partition++) {
    const end = await log.endOffset('documents', partition);
    const highest = view.claims.highest(partition);
    if (end > highest) continue;
    const why = `partition ${partition} ends at ${end}, but offset ${highest} is claimed`;
    throw new FlotillaError('log-recreated', { where: 'documents', why });
  }
  return view.fleet.id;
}

/** Before anything is appended: whoever wrote the log would not read it any more. */
function refuseUnknown({ view }: ViewFollower): void {
  if (view.unknown) throw new FlotillaError('log-newer', { why: `it holds a ${view.unknown.what}` });
}
