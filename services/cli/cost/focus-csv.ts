import type { SpendFigures } from '#core/cost-report/cost-report.ts';
import { decimalDollars, type Money, unitsPerDollar } from '#core/money.ts';
import { type CsvCell, csvText } from './csv.ts';

/** Who bills, as it stands in every row. */
export interface FocusSource {
  account: string;
  /** Organisation or workspace behind the key, when a reply has shown it. */
  owner: string | null;
  /** No key: nobody bills anything. */
  isSimulated: boolean;
}

interface FocusRow {
  figures: SpendFigures;
  source: FocusSource;
  tokens: number;
  billed: Money;
}

const figure = (value: string | number): CsvCell => ({ figure: value });
const dollars = (amount: Money): CsvCell => figure(decimalDollars(amount));
const provider = ({ source }: FocusRow): string => (source.isSimulated ? 'Flotilla simulator' : 'Anthropic');
/** Of all token kinds together: what one came to on that day. Dollars per token. */
const unitPrice = ({ billed, tokens }: FocusRow): CsvCell =>
  tokens === 0 ? figure('0.00') : figure((billed / tokens / unitsPerDollar).toFixed(15));
const timeAt = (day: string): string => `${day}T00:00:00Z`;
const monthAfter = (day: string): string =>
  new Date(Date.UTC(Number(day.slice(0, 4)), Number(day.slice(5, 7)), 1)).toISOString().slice(0, 10);
const dayAfter = (day: string): string => new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10);

/**
 * FinOps Open Cost and Usage Specification 1.2: every mandatory and recommended column, and of the conditional ones those
 * that there is something to say for. Batch prices are public prices of a product of its own, so list, contracted and
 * effective cost are the billed one; what single calls would have cost is `x_IndividualCost`.
 */
const columns: readonly (readonly [name: string, cell: (row: FocusRow) => CsvCell])[] = [
  ['AvailabilityZone', () => null],
  ['BilledCost', ({ billed }) => dollars(billed)],
  ['BillingAccountId', ({ source }) => source.owner ?? source.account],
  ['BillingAccountName', ({ source }) => source.account],
  ['BillingCurrency', () => 'USD'],
  ['BillingPeriodEnd', ({ figures }) => timeAt(monthAfter(figures.day))],
  ['BillingPeriodStart', ({ figures }) => timeAt(`${figures.day.slice(0, 7)}-01`)],
  ['ChargeCategory', () => 'Usage'],
  ['ChargeClass', () => null],
  ['ChargeDescription', row => descriptionOf(row)],
  ['ChargeFrequency', () => 'Usage-Based'],
  ['ChargePeriodEnd', ({ figures }) => timeAt(dayAfter(figures.day))],
  ['ChargePeriodStart', ({ figures }) => timeAt(figures.day)],
  ['ConsumedQuantity', ({ tokens }) => figure(tokens)],
  ['ConsumedUnit', () => 'Tokens'],
  ['ContractedCost', ({ billed }) => dollars(billed)],
  ['ContractedUnitPrice', unitPrice],
  ['EffectiveCost', ({ billed }) => dollars(billed)],
  ['InvoiceId', () => null],
  ['InvoiceIssuerName', provider],
  ['ListCost', ({ billed }) => dollars(billed)],
  ['ListUnitPrice', unitPrice],
  ['PricingCategory', () => 'Standard'],
  ['PricingQuantity', ({ tokens }) => figure(tokens)],
  ['PricingUnit', () => 'Tokens'],
  ['ProviderName', provider],
  ['PublisherName', provider],
  ['ServiceCategory', () => 'AI and Machine Learning'],
  ['ServiceName', () => 'Message Batches'],
  ['ServiceSubcategory', () => 'Generative AI'],
  ['SkuId', ({ figures }) => skuOf(figures)],
  ['SkuMeter', ({ figures }) => (isPrime(figures) ? 'Cache Prime Tokens' : 'Batch Tokens')],
  ['SkuPriceId', ({ figures }) => skuOf(figures)],
  ['Tags', ({ figures: { task, tenant } }) => tagsOf({ task, tenant })],
  ['x_Task', ({ figures }) => figures.task],
  ['x_Tenant', ({ figures }) => figures.tenant],
  ['x_Model', ({ figures }) => figures.model],
  ['x_Documents', ({ figures }) => figure(figures.delivered)],
  ['x_Purchases', ({ figures }) => figure(figures.bought)],
  ['x_Retries', ({ figures }) => figure(figures.retries)],
  ['x_Unpriced', ({ figures }) => figure(figures.unpriced)],
  ['x_Lost', ({ figures }) => figure(figures.lost)],
  ['x_InputTokens', ({ figures }) => figure(figures.usage.input)],
  ['x_OutputTokens', ({ figures }) => figure(figures.usage.output)],
  ['x_CacheReadTokens', ({ figures }) => figure(figures.usage.cacheRead)],
  ['x_CacheWriteTokens', ({ figures: { usage } }) => figure(usage.cacheWrite5m + usage.cacheWrite1h)],
  ['x_IndividualCost', ({ figures }) => dollars(figures.individual)],
  ['x_UncachedCost', ({ figures }) => dollars(figures.uncached)],
  ['x_RetryCost', ({ figures }) => dollars(figures.retried)],
  ['x_WasteCost', ({ figures }) => dollars(figures.wasted)],
];

export const focusColumns: readonly string[] = columns.map(([name]) => name);

/**
 * One record for each day, task, tenant and model, and for the primes of these: `BilledCost` sums to what `cost` says. An
 * answer that was given again has none: a record is a charge, and nobody charges or meters what was not asked for.
 */
export function focusCsv(figures: readonly SpendFigures[], source: FocusSource): string {
  const rows = figures.filter(isCharge).map((each): FocusRow => {
    const { input, output, cacheRead, cacheWrite5m, cacheWrite1h } = each.usage;
    const tokens = input + output + cacheRead + cacheWrite5m + cacheWrite1h;
    return { figures: each, source, tokens, billed: each.billed + each.primeCost };
  });
  return csvText([focusColumns, ...rows.map(row => columns.map(([, cell]) => cell(row)))]);
}

/** What a provider may bill: bought, perhaps bought, or a prime. */
export const isCharge = ({ bought, lost, primes, primeCost }: SpendFigures): boolean =>
  bought + lost + primes > 0 || primeCost > 0;

const isPrime = ({ primes }: SpendFigures): boolean => primes > 0;

const skuOf = (figures: SpendFigures): string =>
  `${figures.model ?? 'unknown-model'}:${isPrime(figures) ? 'cache-prime' : 'batch'}`;

function descriptionOf({ figures }: FocusRow): string {
  const { model, task, tenant } = figures;
  const what = isPrime(figures) ? 'Cache primes' : `Message batches of ${model ?? 'a model that nobody named'}`;
  return `${what}, ${task === null ? 'no task' : `task ${task}`}${tenant === null ? '' : `, tenant ${tenant}`}`;
}

function tagsOf(tags: Readonly<Record<string, string | null>>): string | null {
  const said = Object.entries(tags).filter(([, value]) => value !== null);
  return said.length === 0 ? null : JSON.stringify(Object.fromEntries(said));
}
