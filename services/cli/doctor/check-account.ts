import { createAnthropicProvider } from '#adapters/anthropic/create-anthropic-provider.ts';
import { timingFor } from '#core/timing.ts';
import type { Account } from '#core/view.ts';
import { errorCatalogue } from '#errors/catalogue.ts';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { AccountSettings } from '#runtime/config/account-settings.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Check, failed, failedBy, passed } from './check.ts';

const readTimeoutMs = 10_000;

export interface AccountInLog {
  name: string;
  /** What the log has pinned; null before the first create. */
  pinned: Account | null;
}

/** One list call: it costs nothing, and shows key, owner and the provider's clock. @param inLog null where no log was read */
export async function checkAccount(account: AccountSettings, inLog: AccountInLog | null = null): Promise<Check[]> {
  const { apiKey, baseUrl } = account;
  try {
    const provider = createAnthropicProvider({
      apiKey: apiKey.reveal(),
      ...(baseUrl === null ? {} : { baseUrl }),
      readTimeoutMs,
    });
    const { batches, facts } = await provider.list({ limit: 1 });
    const seen = batches.length === 0 ? 'no batches yet' : 'batches listed';
    const shown = { baseUrl: provider.baseUrl, owner: facts.owner };
    return [
      passed('key', `accepted by ${provider.baseUrl}, ${seen}`),
      checkClock(facts.serverDate),
      ...(inLog === null ? [] : [checkOwner(shown, inLog)]),
    ];
  } catch (error) {
    if (!(error instanceof FlotillaError)) throw error;
    return [failedBy('key', error)];
  }
}

/** Another owner than the pinned one sees other batches: nothing could be proven absent, so nothing is created (C25). */
export function checkOwner(shown: { baseUrl: string; owner: string }, { name, pinned }: AccountInLog): Check {
  if (pinned === null) return passed('owner', `${inWords(shown.owner)}, pinned by the first look`);
  if (pinned.owner === shown.owner && pinned.baseUrl === shown.baseUrl) {
    return passed('owner', `${inWords(shown.owner)}, as the log has it for account ${name}`);
  }
  const { what, fix, exitCode } = errorCatalogue['owner-mismatch'];
  return failed('owner', what, {
    where: `account ${name}`,
    why: `the key belongs to ${inWords(shown.owner)} at ${shown.baseUrl}, the log has ${inWords(pinned.owner)} at ${pinned.baseUrl}`,
    fix,
    exitCode,
  });
}

/** What a server does not show is a hash: its beginning tells two apart. */
const inWords = (owner: string): string =>
  owner.startsWith('unshown:') ? owner.slice(0, 'unshown:'.length + 8) : owner;

function checkClock(serverDate: number | null): Check {
  if (serverDate === null) return passed('clock', 'not compared: the provider shows no time');
  // Date has whole seconds: half of one is taken off.
  const offMs = Date.now() - serverDate - 500;
  const found = `${(Math.abs(offMs) / 1000).toFixed(1)} s ${offMs < 0 ? 'behind' : 'ahead of'} the provider`;
  if (Math.abs(offMs) <= timingFor().clockOffMs) return passed('clock', found);
  const fix = 'set the clock (timedatectl set-ntp true): nothing is created while it is off';
  return failed('clock', found, { fix, exitCode: exitCodes.unreachable });
}
