import { runFlotilla } from '#test/support/spawn-flotilla.ts';
import type { FleetWorld } from './fleet-world.ts';

/** What `flotilla audit --json` says. */
export interface FleetAudit {
  documents: number;
  answered: number;
  deadLettered: number;
  pending: number;
  lost: number;
  duplicated: number;
  boughtTwice: number;
  unaccounted: number;
  examples: string[];
}

/**
 * Has the command count, over the topics and the simulator's invoice, as an operator would.
 * @throws Error when it says nothing, or has not looked at an invoice
 */
export async function auditFleet(world: Pick<FleetWorld, 'folder' | 'env' | 'simulatorUrl'>): Promise<FleetAudit> {
  const { folder, env, simulatorUrl } = world;
  const args = ['audit', '--json', '--invoice', simulatorUrl];
  const { code, stdout, stderr } = await runFlotilla({ args, cwd: folder, env });
  const line = stdout.trim().split('\n').at(-1) ?? '';
  if (!line.startsWith('{')) throw new Error(`flotilla audit (${code}) said nothing: ${stderr.slice(-2_000)}`);
  const said = JSON.parse(line) as FleetAudit & { basis: string };
  if (said.basis !== 'invoice') throw new Error(`flotilla audit has looked at no invoice: ${line} ${stderr}`);
  return { ...said, examples: said.examples ?? [] };
}
