import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';
import { ensurePrograms } from './services/service-chain.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

const programs = ['chromium', 'chromium-browser', 'google-chrome'] as const;

/** Nothing of this browser asks anybody but the page under test. */
const quietArgs = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface OpenPageOptions {
  width?: number;
  height?: number;
  colorScheme?: 'light' | 'dark';
  /** For addresses that ask: what a person would type. */
  credentials?: { username: string; password: string };
}

/** A page, and all that went wrong on it. */
export interface OpenedPage {
  page: Page;
  /** Errors of scripts, messages of the console, what the policy refused, and requests that went elsewhere. */
  troubles: string[];
}

/** A real browser without a window, on a profile of its own; gone when the test ends. */
export async function openBrowser(test: TestContext): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: browserPath(), args: quietArgs });
  test.after(() => browser.close());
  return browser;
}

export async function openPage(browser: Browser, url: string, options: OpenPageOptions = {}): Promise<OpenedPage> {
  const { width = 1280, height = 900, colorScheme = 'light', credentials } = options;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme,
    ...(credentials ? { httpCredentials: credentials } : {}),
  });
  const page = await context.newPage();
  const troubles: string[] = [];
  page.on('pageerror', error => troubles.push(`error: ${error.message}`));
  page.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warning')
      troubles.push(`${message.type()}: ${message.text()}`);
  });
  page.on('request', request => {
    const { origin, protocol } = new URL(request.url());
    if (protocol !== 'data:' && origin !== new URL(url).origin) troubles.push(`went elsewhere: ${request.url()}`);
  });
  await page.exposeFunction('tellTrouble', (text: string) => void troubles.push(text));
  await page.addInitScript(`addEventListener('securitypolicyviolation', event =>
    tellTrouble('refused: ' + event.violatedDirective + ' ' + event.blockedURI))`);
  await page.goto(url);
  return { page, troubles };
}

/** Where pictures go: kept in `FLOTILLA_SCREENSHOTS`, else gone with the test. */
export function screenshotFolder(test: TestContext): string {
  const kept = process.env.FLOTILLA_SCREENSHOTS;
  if (kept) return kept;
  const folder = makeTemporaryFolder('screenshots');
  test.after(folder.remove);
  return folder.path;
}

/** @throws Error with what to install, when there is none and it cannot be had */
function browserPath(): string {
  const found = findBrowser();
  if (found !== null) return found;
  ensurePrograms(['chromium'], ['chromium']);
  return findBrowser() as string;
}

function findBrowser(): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(folder => folder !== '');
  const paths = programs.flatMap(program => folders.map(folder => join(folder, program)));
  return paths.find(path => existsSync(path)) ?? null;
}
