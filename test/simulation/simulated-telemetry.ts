import type { Telemetry } from '#ports/telemetry.ts';
import type { Life } from './life.ts';
import type { World } from './world.ts';

/** How the violation begins that a round is which fails for a reason nobody has thought of. */
export const internalError = 'internal error in';

/** Notes go to the trace. A round that fails for a reason nobody has thought of is a violation by itself. */
export function createSimulatedTelemetry(world: World, life: Life): Telemetry {
  return {
    count(metric, by = 1, labels) {
      if (metric === 'flotilla_suspected_double_purchase_total') world.hit('suspected double purchase', by);
      if (metric === 'flotilla_resolved_total') world.hit(`look: ${labels?.how}`, by);
      if (metric === 'flotilla_lost_lines_total') world.hit('lines settled as lost', by);
    },
    gauge() {},
    observe() {},
    note(level, event, fields) {
      if (life.isDead) return;
      if (fields?.code === 'internal') world.violate(`${internalError} ${fields.loop}: ${fields.error}`);
      if (event === 'batch-parked' && fields?.why === 'cap') world.parkedBatches.add(String(fields.bk));
      if (event === 'created-refused') world.hit('reply came after another id was bound');
      if (event === 'owner-mismatch') world.hit('look refused: not the pinned account');
      if (world.lines === null) return;
      const details = Object.entries(fields ?? {}).map(([name, value]) => `${name}=${value}`);
      world.note(`w${life.worker}.${life.incarnation}`, level, event, ...details);
    },
  };
}
