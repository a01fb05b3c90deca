import type { FaultPlan } from '#services/simulator/faults/fault-kinds.ts';
import type { Random } from './random.ts';
import { landsLateMaxMs, listLagMaxMs, type Setting } from './settings.ts';

/** What the provider does wrong while faults are on, drawn once per run. */
export function faultPlanOf(setting: Setting, random: Random): FaultPlan {
  switch (setting.plan) {
    case 'usual':
    case 'every':
      return {
        ...(setting.plan === 'every' ? rareFaults : {}),
        ...createFaults(setting, random),
        ...messageFaults(setting, random),
        ...batchFaults(setting, random),
        ...itemFaults,
        ...resultFaults(setting),
      };
    case 'ambiguous':
      return ambiguousPlan(setting, random);
    case 'results':
      return { ...resultsPlan, 'item-transient': { probability: 0.02 } };
    case 'sweep': // no faults, but something to retry
      return { 'item-transient': { probability: 0.1 } };
  }
}

/** After the faults have ended: what an honest provider still does. */
export const calmPlan: FaultPlan = { 'item-transient': { probability: 0.02 } };

const late = (setting: Setting, random: Random, probability: number): FaultPlan => ({
  'create-accept-late': { probability, delayMs: random.between(1_000, landsLateMaxMs) * setting.providerScale },
});

const createFaults = (setting: Setting, random: Random): FaultPlan => ({
  ...late(setting, random, 0.06),
  'create-not-connected': { probability: 0.01 },
  'create-refuse-400': { probability: 0.007 },
  'create-refuse-401': { probability: 0.007 },
  'create-refuse-402': { probability: 0.007 },
  'create-refuse-403': { probability: 0.007 },
  'create-refuse-413': { probability: 0.01 },
  'create-refuse-413-html': { probability: 0.007 },
  'create-refuse-429': { probability: 0.02 },
  'create-refuse-529': { probability: 0.015 },
  'create-refuse-500': { probability: 0.01 },
  'create-drop-before': { probability: 0.04 },
  'create-accept-then-drop': { probability: 0.05 },
  'create-accept-then-502': { probability: 0.02 },
  'create-hang': { probability: 0.01 },
  'create-accept-then-hang': { probability: 0.01 },
});

/** What the usual plan leaves out, because with few documents it would be all that happens. */
const rareFaults: FaultPlan = {
  'list-missing-newest': { probability: 0.05 },
  'batch-stuck': { probability: 0.01 },
  'batch-cancel-late': { probability: 0.3 },
  'results-huge-line': { probability: 0.005, bytes: 100_000 },
  'results-swap-within': { probability: 0.01 },
};

const messageFaults = (setting: Setting, random: Random): FaultPlan => ({
  'message-accept-late': { probability: 0.08, delayMs: random.between(1_000, landsLateMaxMs) * setting.providerScale },
  'message-not-connected': { probability: 0.02 },
  'message-refuse-429': { probability: 0.04 },
  'message-refuse-529': { probability: 0.04 },
  'message-refuse-500': { probability: 0.02 },
  'message-drop-before': { probability: 0.06 },
  'message-accept-then-drop': { probability: 0.08 },
  'message-accept-then-502': { probability: 0.04 },
  'message-hang': { probability: 0.01 },
  'message-accept-then-hang': { probability: 0.01 },
});

const batchFaults = (setting: Setting, random: Random): FaultPlan => ({
  'list-lag': { probability: 0.5, delayMs: random.between(100, listLagMaxMs) * setting.providerScale },
  'list-small-page': { probability: 0.1 },
  'list-503': { probability: 0.03 },
  'retrieve-502': { probability: 0.02 },
  'batch-expire-partial': { probability: 0.03 },
  'batch-expire-empty': { probability: 0.005 },
  'batch-foreign': { probability: setting.foreign },
  'batch-account': { probability: 0.01 },
});

const itemFaults: FaultPlan = {
  'item-transient': { probability: 0.1 },
  'item-account': { probability: 0.005 },
  'item-refusal': { probability: 0.01 },
  'item-truncated': { probability: 0.01 },
  'item-invalid-output': { probability: 0.02 },
  'results-lose-lines': { probability: 0.03 },
};

const resultFaults = (setting: Setting): FaultPlan => ({
  'results-404': { probability: 0.02 },
  'results-503': { probability: 0.02 },
  'results-short-read': { probability: 0.05 },
  'results-drop-lines': { probability: 0.03 },
  'results-cut-mid-line': { probability: 0.03 },
  'results-reset': { probability: 0.03 },
  'results-malformed-line': { probability: 0.03 },
  'results-duplicate-line': { probability: 0.03 },
  'results-unknown-id': { probability: 0.03 },
  'results-swap-ids': { probability: 0.03 * setting.swappedIds },
});

/** Ambiguous 10 %, late 5 %, refused 5 %. */
const ambiguousPlan = (setting: Setting, random: Random): FaultPlan => ({
  ...late(setting, random, 0.05),
  'create-refuse-429': { probability: 0.025 },
  'create-refuse-529': { probability: 0.025 },
  'create-drop-before': { probability: 0.03 },
  'create-accept-then-drop': { probability: 0.04 },
  'create-accept-then-502': { probability: 0.03 },
});

/** 10 % of reads cut, 1 % of lines dropped and so on: per read here, because a batch has few lines. */
const resultsPlan: FaultPlan = {
  'results-short-read': { probability: 0.05 },
  'results-cut-mid-line': { probability: 0.03 },
  'results-reset': { probability: 0.03 },
  'results-drop-lines': { probability: 0.05 },
  'results-malformed-line': { probability: 0.03 },
  'results-duplicate-line': { probability: 0.05 },
  'results-unknown-id': { probability: 0.03 },
  'results-swap-ids': { probability: 0.05 },
  'results-swap-within': { probability: 0.05 },
  'results-lose-lines': { probability: 0.03 },
};
