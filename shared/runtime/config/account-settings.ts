import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Secret } from './secret.ts';

/** The account that batches are sent to. */
export interface AccountSettings {
  name: string;
  provider: 'anthropic';
  apiKey: Secret;
  /** Null: Anthropic's own. */
  baseUrl: string | null;
}

/**
 * @returns null without a key: then the simulator answers
 * @throws FlotillaError invalid-config when the real API is said to run faster than time
 */
export function toAccountSettings(anthropic: {
  account: string;
  apiKey: Secret | null;
  baseUrl?: string | undefined;
  timeScale: number;
}): AccountSettings | null {
  const { account: name, apiKey, baseUrl = null, timeScale } = anthropic;
  if (apiKey === null) return null;
  // Waits are divided by the scale: against real time a lost reply would be given up while its batch is on its way.
  if (timeScale !== 1 && isRealApi(baseUrl)) {
    throw new FlotillaError('invalid-config', {
      where: 'providers.anthropic.timeScale',
      why: `a time scale of ${timeScale} holds only for a simulator, and the API is Anthropic's own`,
      fix: 'unset FLOTILLA_TIME_SCALE, or point ANTHROPIC_BASE_URL at a simulator',
    });
  }
  return { name, provider: 'anthropic', apiKey, baseUrl };
}

const isRealApi = (baseUrl: string | null): boolean =>
  baseUrl === null || /(?:^|\.)anthropic\.com$/.test(new URL(baseUrl).hostname);
