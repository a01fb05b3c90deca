import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { flotillaLeg } from './flotilla-leg.ts';
import type { Leg } from './leg.ts';

const anthropicSdkLeg: Leg = loopLeg('anthropic-sdk', './loop-anthropic-sdk.ts');
const aiSdkLeg: Leg = loopLeg('ai-sdk', './loop-ai-sdk.ts');
const allLegs: readonly Leg[] = [flotillaLeg, aiSdkLeg, anthropicSdkLeg];

/** The named contenders, or all whose program is there, in the order their ratios are read. */
export function chooseLegs(names: readonly string[] = []): Leg[] {
  if (names.length === 0) return allLegs.filter(leg => existsSync(leg.entry));
  return names.map(name => {
    const leg = allLegs.find(candidate => candidate.name === name);
    if (leg !== undefined) return leg;
    throw new Error(`there is no leg "${name}"; there are ${allLegs.map(each => each.name).join(', ')}`);
  });
}

function loopLeg(name: string, file: string): Leg {
  return {
    name,
    entry: fileURLToPath(new URL(file, import.meta.url)),
    prepare: async ({ documentsFile, answersFile }) => [documentsFile, answersFile],
  };
}
