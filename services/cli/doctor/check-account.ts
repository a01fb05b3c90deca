import { createAnthropicProvider } from '#adapters/anthropic/create-anthropic-provider.ts';
import { timingFor } from '#core/timing.ts';
import { errorCatalogue } from '#errors/catalogue.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { AccountSettings } from '#runtime/config/account-settings.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Check, failed, failedBy, passed } from './check.ts';

const readTimeoutMs = 10_000;

/** One list call: it costs nothing, and shows key, owner and the provider's clock. */
export async function checkAccount(account: AccountSettings): Promise<Check[]> {
  const { apiKey, baseUrl } = account;
  try {
    const provider = createAnthropicProvider({
      apiKey: apiKey.reveal(),
      ...(baseUrl === null ? {} : { baseUrl }),
      readTimeoutMs,
    });
    const { batches, facts } = await provider.list({ limit: 1 });
    const seen = batches.length === 0 ? 'no batches yet' : 'batches listed';
    return [passed('key', `accepted by ${provider.baseUrl}, ${seen}`), checkClock(facts.serverDate)];
  } catch (error) {
    if (!(error instanceof FlotillaError)) throw error;
    return [failedBy('key', error, errorCatalogue[error.code].exitCode)];
  }
}

function checkClock(serverDate: number | null): Check {
  if (serverDate === null) return passed('clock', 'not compared: the provider shows no time');
  // Date has whole seconds: half of one is taken off.
  const offMs = Date.now() - serverDate - 500;
  const found = `${(Math.abs(offMs) / 1000).toFixed(1)} s ${offMs < 0 ? 'behind' : 'ahead of'} the provider`;
  if (Math.abs(offMs) <= timingFor().clockOffMs) return passed('clock', found);
  const fix = 'set the clock (timedatectl set-ntp true): nothing is created while it is off';
  return failed('clock', found, { fix, exitCode: exitCodes.unreachable });
}
