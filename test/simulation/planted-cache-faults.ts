import type { PlantedFault, SourceEdit } from './planted-faults.ts';

const primer = 'services/submitter/primer.ts';
const submitter = 'services/submitter/service.ts';
const sweeper = 'services/sweeper/service.ts';
const reducer = 'shared/core/reduce-journal.ts';

const edit = (file: string, find: string, replace: string): SourceEdit => ({ file, find, replace });

/** Rules of markers and primes that are gone. */
export const cache = {
  primeRepeated: {
    what: 'a prime whose reply was lost is sent again',
    edits: [
      edit(
        primer,
        'const outcome = await account.prime({ id, body, isInTime }, new AbortController().signal);',
        `let outcome = await account.prime({ id, body, isInTime }, new AbortController().signal);
         for (let again = 0; again < 2 && outcome.status === 'ambiguous'; again++)
           outcome = await account.prime({ id, body, isInTime: () => true }, new AbortController().signal);`,
      ),
    ],
    setting: 'cache',
  },
  primeByAnybody: {
    what: 'whoever sees a PRIME sends it, whichever call wrote it',
    edits: [
      edit(primer, 'if (prime?.nonce !== nonce) return', 'if (prime === undefined) return'),
      edit(
        primer,
        'return isUnderWay && clock.now() < live.at + this.#callMs() ? underWayMs : 0;',
        'if (!isUnderWay) return 0;',
      ),
      edit(reducer, '!view.primes.has(id) &&', ''),
    ],
    setting: 'cache',
    changes: { doubleTakes: 20 },
  },
  primeUnreserved: {
    what: 'a PRIME holds nothing',
    edits: [
      edit(
        reducer,
        `view.primes.set(id, { account, prefix, ttl, model, nonce, reserve, at, state: 'open' });
  use(view, reserve, at, +1);`,
        "view.primes.set(id, { account, prefix, ttl, model, nonce, reserve: {}, at, state: 'open' });",
      ),
    ],
    setting: 'cache',
  },
  primeHourByView: {
    what: 'each process counts the primes of the hour by its own view, and the journal takes them all',
    edits: [edit(reducer, '!isPrimeHourFull(view, { perHour, at }) &&', '')],
    setting: 'cache',
    changes: { primesPerHour: [1], workers: 4 },
  },
  primeOfNobody: {
    what: 'a prime says nothing of its task',
    edits: [edit('shared/core/prompt-cache/primes.ts', 'if (task !== null) amounts[taskMoney(task)] = cost;', '')],
    setting: 'cache',
  },
  unansweredPrimeIsFree: {
    what: 'a prime of which nobody says anything cost nothing',
    edits: [edit(sweeper, "{ kind: 'PRIMED', id, actual: reserve }", "{ kind: 'PRIMED', id, actual: {} }")],
    setting: 'cache',
  },
  unansweredPrimeIsOpen: {
    what: 'a prime of which nobody says anything is waited for',
    edits: [edit(sweeper, 'await this.#settlePrimes();', '')],
    setting: 'cache',
  },
  primedTwice: {
    what: 'every PRIMED of an id counts',
    edits: [edit(reducer, "if (prime?.state !== 'open') return 'refused';", "if (!prime) return 'refused';")],
    setting: 'cache',
    changes: { oddAppends: 8 },
  },
  planNotSent: {
    what: 'a batch goes out without the markers of its plan',
    edits: [edit(submitter, 'markRequest(item.body, batch.plan, heads)', 'item.body')],
    setting: 'cache',
  },
  markedByShadow: {
    what: 'what is only told goes out',
    edits: [
      edit(
        'shared/core/prompt-cache/cache-plan.ts',
        "plan?.use === 'marked' ? plan.marks : [];",
        'plan ? plan.marks : [];',
      ),
    ],
    setting: 'cache',
    changes: { cache: 'shadow' },
  },
} satisfies Record<string, PlantedFault>;
