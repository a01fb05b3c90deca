import { createMemoryCluster } from '#adapters/memory/create-memory-cluster.ts';
import { describeLog } from './log.ts';
import type { LogFixture } from './log-fixture.ts';
import { gapSeed, randomGaps } from './log-random-gaps.ts';

async function makeMemoryLog(gaps: () => number): Promise<LogFixture> {
  const cluster = createMemoryCluster({ gaps });
  return { connect: async () => cluster.connect(), holdsOffsets: true, close: async () => {} };
}

describeLog('memory', () => makeMemoryLog(() => 0));
describeLog(`memory, gaps of seed ${gapSeed}`, () => makeMemoryLog(randomGaps(gapSeed)));
