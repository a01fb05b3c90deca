import { accountMoney, fleetMoney, taskMoney } from '#core/caps/cap-scopes.ts';
import type { Money } from '#core/money.ts';
import { billOf } from '#test/support/bill-of.ts';
import { simulatedTasks } from '../documents.ts';
import { instructionsHead } from '../prefixes.ts';
import { accountName } from '../provider-world.ts';
import type { Run } from '../run-seed.ts';
import type { AcceptedPrime } from '../truth.ts';

/**
 * Primes by the provider's bill: each was executed once at most, by the word of an accepted PRIME; the books hold what it
 * cost, or its whole reserve where nobody could say.
 */
export function checkPrimes(run: Run): void {
  const { world, provider, truth, prefixes } = run;
  const costs = primeCosts(run);
  const executed = new Set<string>();
  for (const { id, text } of provider.executedPrimes) {
    if (executed.has(id)) world.violate('S3 one prime executed twice');
    executed.add(id);
    const prime = truth.primes.get(id);
    if (!prime) world.violate('books: a prime without its PRIME');
    if (prime && prime.perHour !== prefixes.primesPerHour) world.violate('S5 a prime without the bound of its hour');
    const task = simulatedTasks.find(name => text.includes(instructionsHead(name)));
    if (prime && (!task || prime.reserve[taskMoney(task)] !== prime.reserve[fleetMoney]))
      world.violate('S5 a prime that no cap of its task sees');
  }
  for (const [id, { amounts, reserve }] of truth.primes) {
    const cost = costs.get(id) ?? 0;
    const [booked = 0, held = 0] = [amounts, reserve].map(money => money[accountMoney(accountName)] ?? 0);
    if (booked < cost) world.violate('books: less was primed than is on the bill');
    if (booked !== cost && booked !== held) world.violate('books: a prime at another price than the bill');
    if (cost > held) world.violate('S5 a prime above its reserve');
    if (booked === cost && cost > 0) world.hit('prime booked at its price');
    if (booked === held && booked !== cost)
      world.hit(cost > 0 ? 'prime booked in full' : 'prime booked in full, unbought');
    if ((amounts[fleetMoney] ?? 0) !== booked && booked > 0) world.violate('books: scopes of a prime differ');
  }
  if (prefixes.mode !== 'on' && executed.size > 0) world.violate('primes where markers are off');
  checkHours(run, executed);
}

const hourMs = 3_600_000;

/** In no hour of the journal more were bought, or booked as if they had been, than the last of them was to be among. */
function checkHours({ world, truth }: Run, executed: ReadonlySet<string>): void {
  const isBought = ([id, { amounts }]: [string, AcceptedPrime]): boolean =>
    executed.has(id) || Object.values(amounts).some(amount => amount > 0);
  const bought = [...truth.primes].filter(isBought).map(([, prime]) => prime);
  for (const { at, index, perHour } of bought) {
    const inHour = bought.filter(other => other.index <= index && other.at > at - hourMs).length;
    if (inHour > perHour) world.violate('S5 more primes in an hour than are allowed');
    if (inHour === perHour) world.hit('primes: as many as an hour may have');
  }
}

/** What each prime cost, by its id: the messages of the bill, in the order in which they were executed. */
export function primeCosts({ provider }: Pick<Run, 'provider'>): Map<string, Money> {
  const { rows } = provider.machine.invoicePage({ now: provider.now, limit: 1_000_000 });
  const messages = rows.filter(({ batchId }) => batchId === null);
  const costs = new Map<string, Money>();
  for (const [index, { id }] of provider.executedPrimes.entries()) {
    costs.set(id, (costs.get(id) ?? 0) + billOf(messages.slice(index, index + 1)));
  }
  return costs;
}
