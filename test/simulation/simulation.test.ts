import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { crashRows, rowOf } from './crash-rows.ts';
import { addLedgers, noLedger } from './ledger-of.ts';
import { makeRun } from './make-run.ts';
import { countPassages } from './plant-fault.ts';
import { plantedFaults } from './planted-faults.ts';
import { difference } from './report-ledger.ts';
import { sweepChanges, sweepSpecs } from './report-sweep.ts';
import { runPool } from './run-pool.ts';
import { formatViolating, specsOf } from './specs-of.ts';
import { addReport, createSummary, type RunReport, type RunSpec, type Summary } from './summary.ts';

const jobs = 2;
const seeds = 60;
const pairs = 10;
const plantedSeeds = 20;

async function runAll(specs: readonly RunSpec[], planted?: string, hashes?: Map<number, string>): Promise<Summary> {
  const summary = createSummary();
  const onReport = (report: RunReport): void => {
    addReport(summary, report);
    hashes?.set(report.spec.seed, report.hash);
  };
  await runPool({ specs, jobs, planted, onReport });
  return summary;
}

const found = ({ violating }: Summary): string => violating.map(formatViolating).join('\n');

/** `npm run sim` makes thousands; here are enough to notice what broke. */
describe('the simulation of the real services', () => {
  let many: Summary;
  let swept: Summary;
  const hashes = new Map<number, string>();
  const sweepBase: RunSpec = { seed: 1, setting: 'base', changes: sweepChanges };

  before(async () => {
    many = await runAll(specsOf({ from: 1, seeds, setting: null }), undefined, hashes);
    swept = await runAll(await sweepSpecs(sweepBase, 1));
  });

  it(`finds no violation in ${seeds} seeds`, () => {
    assert.equal(found(many), '');
    assert.equal(many.runs, seeds);
  });

  it('finds none when a worker dies or freezes at the first visit of any crash point', () => {
    assert.equal(found(swept), '');
    assert.ok(swept.labels.size >= 50, `${swept.labels.size} crash points`);
  });

  for (const row of crashRows) {
    it(`meets ${row.name}: between ${row.between}`, () => {
      if (row.event === undefined) assert.notDeepEqual(rowOf(row, swept.labels.keys()), []);
      else assert.ok((many.fired.get(row.event) ?? 0) > 0, `${row.event} never happened`);
    });
  }

  it('runs the same way twice, in another process and another neighbourhood', async () => {
    for (const spec of specsOf({ from: 1, seeds: pairs, setting: null })) {
      assert.equal((await makeRun(spec)).hash, hashes.get(spec.seed), `seed ${spec.seed}`);
    }
  });

  it('keeps books that are the provider’s bill exactly, lost lines and primes included', async () => {
    const specs = specsOf({ from: 9, seeds: 4, setting: 'ledger' });
    const reports: RunReport[] = [];
    await runPool({ specs, jobs, onReport: report => void reports.push(report) });
    const ledger = reports.map(report => report.ledger).reduce(addLedgers, noLedger);
    assert.deepEqual(
      reports.flatMap(({ violations }) => violations),
      [],
    );
    assert.ok(ledger.documents >= 1_900 && ledger.primes.bought > 0 && ledger.unread.bought > 0);
    assert.deepEqual([difference(ledger), ledger.disagreeing], [0, 0]);
    assert.ok(ledger.unread.books >= ledger.unread.bill);
    assert.ok(ledger.adjusted.down > 0, 'a worst case became a price');
    assert.deepEqual(
      [ledger.total.books - ledger.total.bill, ledger.unequal],
      [0, 0],
      'all of it, never shown included',
    );
  });

  it('can plant every fault of its table', () => {
    const edits = Object.entries(plantedFaults).flatMap(([name, fault]) => fault.edits.map(edit => ({ name, edit })));
    for (const { name, edit } of edits) assert.equal(countPassages(edit), 1, `${name}: ${edit.file}: ${edit.find}`);
  });

  it('notices a fault that is planted', async () => {
    const specs = specsOf({ from: 1, seeds: plantedSeeds, setting: 'base' });
    const summary = await runAll(specs, 'blindResubmit');
    assert.ok((summary.violations.get('S3 one attempt executed twice') ?? 0) > 0);
  });
});
