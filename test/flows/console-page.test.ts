import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Page } from 'playwright-core';
import { copyDocument, makeProject, type Project } from '#test/support/make-project.ts';
import { type OpenedPage, openBrowser, openPage, screenshotFolder } from '#test/support/open-browser.ts';
import { startTestConsole, type TestConsole } from '#test/support/start-console.ts';
import { waitUntil } from '#test/support/wait-until.ts';

/** Names that a page which writes markup would run, and others that are hard to write. */
const evilNames = [
  '<img src=x onerror="window.hacked=1">',
  '</script><script>window.hacked=1</script>',
  '\'"><svg onload=window.hacked=1>',
  '=HYPERLINK("https://evil.example")',
  'line\u2028separator',
  '__proto__',
  '\u202Eright to left',
];

const answeredStage = '#flow ol li:last-child b';
const numberOf = async (page: Page, selector: string): Promise<number> =>
  Number((await page.locator(selector).first().textContent())?.replaceAll(',', ''));

const isIn = (page: Page, state: 'live' | 'lost'): Promise<void> =>
  page.locator(`body[data-state="${state}"]`).waitFor();

/** The heading of the first document that was found; compared as text, with all that is in it. */
const isFound = (page: Page, name: string): Promise<void> =>
  waitUntil(`${name} is found`, async () => {
    const [heading] = await page.locator('#found h3').allTextContents();
    return heading === name;
  });

/** Batches that take seconds, some items of which fail. */
function slowProject(test: TestContext, documents: number): Project {
  const faults = { 'item-refusal': 0.02, 'item-transient': 0.03 };
  const project = makeProject(test, { simulator: { latencyMinMs: 500_000, latencyMaxMs: 6_000_000, seed: 7, faults } });
  const evil = evilNames.map(name => ({ custom_id: name, content: 'x', colour: 'red' }));
  project.writeDocuments([...evil, ...Array.from({ length: documents }, (_, n) => copyDocument(`t-${n}`)), 'no json']);
  return project;
}

async function startRun(project: Project): Promise<ReturnType<Project['start']>> {
  const run = project.start(['run', project.path('documents.jsonl'), '--task', 'copy', '--json']);
  const log = join(project.folder, '.flotilla', 'simulated', 'log.db');
  await waitUntil('the log is there', () => existsSync(log) || run.hasEnded());
  return run;
}

describe('the console in a browser', () => {
  it('shows a run as it goes on, ends with the figures of the audit, and runs nothing that a document says', async t => {
    const project = slowProject(t, 900);
    const run = await startRun(project);
    const console = await startTestConsole(t, { cwd: project.folder });
    const browser = await openBrowser(t);
    const opened = await openPage(browser, console.url);
    const { page, troubles } = opened;
    await isIn(page, 'live');
    const seen = new Set<number>();
    await waitUntil('figures of the page have changed three times', async () => {
      seen.add(await numberOf(page, answeredStage));
      return seen.size > 3;
    });
    const { code } = await run.ended;
    assert.equal(code, 3);
    await checkTruth(project, { console, page });
    await checkText(opened);
    await checkFind(page);
    await checkLooks(browser, console, screenshotFolder(t));
    assert.deepEqual(troubles, []);
  });

  it('says that its figures are old when the console does not answer, and is live again when it does', async t => {
    const project = slowProject(t, 10);
    const run = await startRun(project);
    const console = await startTestConsole(t, { cwd: project.folder });
    const { page } = await openPage(await openBrowser(t), console.url);
    await isIn(page, 'live');
    console.process.signal('SIGSTOP');
    await isIn(page, 'lost');
    assert.match((await page.locator('#notice').textContent()) ?? '', /does not answer\. These figures are of \d\d:/);
    assert.doesNotMatch((await page.locator('#fresh').textContent()) ?? '', /live/);
    console.process.signal('SIGCONT');
    await isIn(page, 'live');
    assert.equal(await page.locator('#notice').isVisible(), false);
    run.signal('SIGKILL');
    await run.ended;
  });
});

async function checkTruth(project: Project, { console, page }: { console: TestConsole; page: Page }): Promise<void> {
  const audit = JSON.parse((await project.flotilla(['audit', '--json'])).stdout) as Record<string, number>;
  const statusText = (await project.flotilla(['status', '--json'])).stdout;
  const [run] = (JSON.parse(statusText) as { runs: { costUsd: string; succeeded: number; deadLettered: number }[] })
    .runs;
  await waitUntil('the console has read all', async () => (await console.overview()).batches?.open === 0);
  const { documents, deadLetters, money, batches, source, intake } = await console.overview();
  assert.equal(source.simulated, true);
  assert.equal(intake?.unsealed, 0);
  assert.deepEqual(
    [documents?.read, documents?.succeeded, documents?.dead, documents?.copies, documents?.retriesWaiting],
    [audit.documents, audit.answered, audit.deadLettered, 0, 0],
  );
  assert.equal(
    deadLetters?.causes.reduce((sum, { count }) => sum + count, 0),
    audit.deadLettered,
  );
  assert.equal(money?.billed.usd, run?.costUsd);
  assert.ok((batches?.settled ?? 0) > 10);
  await waitUntil('the page has it too', async () => (await numberOf(page, answeredStage)) === audit.answered);
}

/** T11, and the rule that payloads are text. */
async function checkText({ page }: OpenedPage): Promise<void> {
  const shown = page.locator('#dead [data-find]');
  const texts = await shown.allTextContents();
  assert.ok(
    evilNames.some(name => texts.some(text => text.slice(0, 15) === [...name].slice(0, 15).join(''))),
    `a name is shown as it is: ${texts.join(' | ')}`,
  );
  for (const name of evilNames) {
    await page.fill('#name', name);
    await page.click('#find button');
    await isFound(page, name);
  }
  assert.equal(await page.evaluate('window.hacked'), undefined);
  assert.equal(await page.locator('img, script').count(), 2, 'the picture and the script of the page, and no more');
}

async function checkFind(page: Page): Promise<void> {
  await page.fill('#name', 't-5');
  await page.click('#find button');
  await isFound(page, 't-5');
  const text = (await page.locator('#found').textContent()) ?? '';
  for (const step of [/appended to documents as 0\/\d+/, /sealed into batch/, /created at the provider as msgbatch_/]) {
    assert.match(text, step);
  }
  assert.match(page.url(), /\?document=t-5$/, 'what is looked at can be pasted into a ticket');
  await page.fill('#name', 'nobody');
  await page.click('#find button');
  await page.locator('#found', { hasText: 'No document of that name' }).waitFor();
}

async function checkLooks(
  browser: Awaited<ReturnType<typeof openBrowser>>,
  console: TestConsole,
  folder: string,
): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1280, 390, 320]) {
      const { page, troubles } = await openPage(browser, `${console.url}/?document=t-5`, { width, colorScheme });
      await isIn(page, 'live');
      await isFound(page, 't-5');
      const wide = Number(await page.evaluate('document.documentElement.scrollWidth'));
      await page.screenshot({ path: join(folder, `console-${colorScheme}-${width}.png`), fullPage: true });
      assert.ok(wide <= width, `${width} px are enough, and not ${wide}`);
      assert.deepEqual(troubles, []);
      await page.context().close();
    }
  }
}
