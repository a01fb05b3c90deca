import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { noUsage } from '#core/cost.ts';
import { noSums, type SpendFigures } from '#core/cost-report/cost-report.ts';
import { fromNanodollars } from '#core/money.ts';
import { type CsvCell, csvText } from './csv.ts';
import { focusColumns, focusCsv } from './focus-csv.ts';

const spend = (rest: Partial<SpendFigures> = {}): SpendFigures => ({
  ...noSums,
  day: '2026-12-31',
  task: 'classify',
  tenant: null,
  model: 'claude-haiku-5-5',
  delivered: 2,
  bought: 3,
  usage: { ...noUsage, input: 1_000, output: 200 },
  billed: fromNanodollars(12_345),
  uncached: fromNanodollars(12_345),
  individual: fromNanodollars(24_690),
  ...rest,
});
const source = { account: 'main', owner: 'organisation/workspace', isSimulated: false };

/** Reads it again by RFC 4180, as any importer does. */
function parse(text: string): string[][] {
  const records: string[][] = [];
  let [record, cell, isQuoted]: [string[], string, boolean] = [[], '', false];
  for (let at = 0; at < text.length; at++) {
    const [now, next] = [text[at] as string, text[at + 1]];
    if (isQuoted && now === '"' && next === '"') {
      cell += '"';
      at += 1;
    } else if (now === '"') isQuoted = !isQuoted;
    else if (!isQuoted && now === ',') {
      record.push(cell);
      cell = '';
    } else if (!isQuoted && now === '\r' && next === '\n') {
      records.push([...record, cell]);
      [record, cell] = [[], ''];
      at += 1;
    } else cell += now;
  }
  return records;
}

function rowsOf(figures: readonly SpendFigures[], from = source): Record<string, string>[] {
  const [head = [], ...records] = parse(focusCsv(figures, from));
  return records.map(cells => Object.fromEntries(head.map((name, index) => [name, cells[index] ?? ''])));
}

/** Feature level Mandatory in FOCUS 1.2, and the four that are recommended. */
const mandatory = [
  'BilledCost',
  'BillingAccountId',
  'BillingAccountName',
  'BillingCurrency',
  'BillingPeriodEnd',
  'BillingPeriodStart',
  'ChargeCategory',
  'ChargeClass',
  'ChargeDescription',
  'ChargePeriodEnd',
  'ChargePeriodStart',
  'ContractedCost',
  'EffectiveCost',
  'InvoiceIssuerName',
  'ListCost',
  'PricingQuantity',
  'PricingUnit',
  'ProviderName',
  'PublisherName',
  'ServiceCategory',
  'ServiceName',
];
const recommended = ['AvailabilityZone', 'ChargeFrequency', 'InvoiceId', 'ServiceSubcategory'];

describe('focusCsv', () => {
  it('has every mandatory and recommended column of FOCUS 1.2, each once; its own begin with x_', () => {
    for (const name of [...mandatory, ...recommended]) assert.ok(focusColumns.includes(name), name);
    assert.equal(new Set(focusColumns).size, focusColumns.length);
    const own = focusColumns.filter(name => !/^[A-Z][A-Za-z]+$/.test(name));
    assert.ok(own.every(name => /^x_[A-Z][A-Za-z]+$/.test(name)));
  });

  it('fills what must not be empty', () => {
    const [row = {}] = rowsOf([spend()]);
    const mayBeEmpty = ['ChargeClass', 'AvailabilityZone', 'InvoiceId'];
    for (const name of [...mandatory, ...recommended])
      if (!mayBeEmpty.includes(name)) assert.notEqual(row[name], '', name);
  });

  it('says money as exact decimals, and times as ISO 8601 in UTC with exclusive ends', () => {
    const [row] = rowsOf([spend()]);
    assert.equal(row?.BilledCost, '0.000012345');
    assert.equal(row?.x_IndividualCost, '0.00002469');
    assert.deepEqual([row?.ChargePeriodStart, row?.ChargePeriodEnd], ['2026-12-31T00:00:00Z', '2027-01-01T00:00:00Z']);
    assert.deepEqual(
      [row?.BillingPeriodStart, row?.BillingPeriodEnd],
      ['2026-12-01T00:00:00Z', '2027-01-01T00:00:00Z'],
    );
    const product = Number(row?.ListUnitPrice) * Number(row?.PricingQuantity);
    assert.ok(Math.abs(product - 0.000012345) < 1e-12);
  });

  it('has primes beside what they warmed, and sums to what was billed', () => {
    const prime = spend({
      primes: 1,
      primeCost: fromNanodollars(55),
      billed: 0,
      uncached: 0,
      individual: 0,
      usage: noUsage,
    });
    const rows = rowsOf([spend(), prime]);
    assert.equal(rows[1]?.SkuMeter, 'Cache Prime Tokens');
    assert.deepEqual([rows[1]?.x_Model, rows[1]?.SkuId], ['claude-haiku-5-5', 'claude-haiku-5-5:cache-prime']);
    assert.equal(Math.round(rows.reduce((sum, row) => sum + Number(row.BilledCost) * 1e9, 0)), 12_400);
  });

  it('has no record of what nobody charges: answers that were given again', () => {
    const again = spend({ ...noSums, reused: { answers: 2, unpriced: 0, batch: 5, individual: 10 } });
    const [row, ...others] = rowsOf([again, spend({ reused: again.reused })]);
    assert.deepEqual([row?.BilledCost, row?.x_IndividualCost, others.length], ['0.000012345', '0.00002469', 0]);
  });

  it('nobody takes a simulator for an invoice', () => {
    const [row] = rowsOf([spend()], { ...source, isSimulated: true });
    assert.equal(row?.InvoiceIssuerName, 'Flotilla simulator');
  });

  it('T11: a task or tenant that looks like a formula stays a text, quotes and line breaks included', () => {
    const tenant = '=HYPERLINK("http://evil","a,\r\nb")';
    const [row] = rowsOf([spend({ tenant, task: '@sum' })]);
    assert.equal(row?.x_Tenant, `'${tenant}`);
    assert.equal(row?.x_Task, "'@sum");
    assert.deepEqual(JSON.parse(row?.Tags ?? ''), { task: '@sum', tenant });
  });
});

describe('csvText', () => {
  it('writes what a reader gets back, whatever it is', () => {
    const records: CsvCell[][] = [
      ['a', 'b"c', 'd,e', 'f\ng', 'h\r\ni', ' j ', '', 'ü\u2028'],
      ['1', '2', '3', '4', '5', '6', '7', '8'],
    ];
    assert.deepEqual(parse(csvText(records)), records);
  });

  it('T11: guards texts, and leaves figures as they are', () => {
    const texts = ['=1', '+1', '-1', '@a', '\t=1', '\r=1'];
    for (const text of texts) assert.equal(parse(csvText([[text]]))[0]?.[0], `'${text}`);
    assert.equal(csvText([[{ figure: '-0.05' }, null, { figure: 3 }]]), '-0.05,,3\r\n');
  });
});
