import type { LoadedConfig } from '#runtime/config/load-config.ts';
import type { Command, CommandContext } from '../command-context.ts';
import { crashHookFrom } from '../crash-hook.ts';
import { Inbox } from '../dev/inbox.ts';
import { answersFolder, InboxRuns } from '../dev/inbox-runs.ts';
import { type Embedded, openEmbedded } from '../embedded.ts';
import { embeddedSettings } from '../embedded-settings.ts';
import { exitCodes } from '../exit-codes.ts';
import { type HealthServer, type Readiness, startHealthServer } from '../health/health-server.ts';
import { checkTask, loadSettings } from '../load-settings.ts';
import { heldInWords } from '../run/causes-in-words.ts';

export interface DevOptions {
  inbox?: string;
  task?: string;
  host?: string;
  port?: number;
}

const engineTryEveryMs = 1_000;

/** `flotilla dev`: the engine stays up, files put into the inbox are run, health is served on loopback. */
export const dev =
  (options: DevOptions): Command =>
  async context => {
    const flags = { inbox: options.inbox, 'http.host': options.host, 'http.port': options.port };
    const settings = await loadSettings(context, flags);
    const task = checkTask(options.task, settings);
    const interrupts = context.interrupts();
    const embedded = openEmbedded(embeddedSettings(settings, { crashHook: crashHookFrom(context.env) }));
    const { host, port } = settings.config.http;
    const runs = new InboxRuns({
      embedded,
      task,
      signal: interrupts.signal,
      say: text => {
        if (!context.isJson) context.say(`${new Date().toISOString()} ${text}\n`);
      },
    });
    const inbox = new Inbox({ folder: settings.inboxDirectory, onFile: path => runs.add(path), now: Date.now });
    let server: HealthServer | null = null;
    try {
      server = await startHealthServer({ host, port, readiness: async () => readinessOf(embedded, runs) });
      await embedded.becomeEngine();
      await inbox.start();
      if (context.isJson) await context.out(`${JSON.stringify({ url: server.url, state: embedded.directory })}\n`);
      else context.say(renderBanner({ settings, embedded, url: server.url }, context));
      await stayEngine(embedded, interrupts.signal);
    } finally {
      inbox.stop();
      await runs.stopped();
      await server?.close();
      await embedded.close();
    }
    if (!context.isJson)
      context.say('stopped; batches at the provider go on, and the next flotilla dev or run collects them\n');
    return interrupts.exitCode() ?? exitCodes.done;
  };

/** Another process may be the engine now and be gone later. */
async function stayEngine(embedded: Embedded, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    if (!embedded.engine) await embedded.becomeEngine();
    await new Promise<void>(resolve => {
      const wake = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', wake);
        resolve();
      }, engineTryEveryMs);
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}

async function readinessOf(embedded: Embedded, runs: InboxRuns): Promise<Readiness[]> {
  const { engine, log, accountName } = embedded;
  const held = engine ? (engine.accounts.get(accountName)?.hold(engine.follower.view) ?? null) : null;
  const end = await log.endOffset('journal', 0).catch(() => null);
  return [
    { name: 'log', isOk: end !== null, found: end === null ? 'cannot be read' : `${end} journal records` },
    { name: 'engine', isOk: true, found: engine ? 'this process' : 'another process' },
    {
      name: 'account',
      isOk: held === null || held === 'owner-unseen',
      found: held === null ? 'open' : heldInWords(held),
    },
    { name: 'runs', isOk: true, found: `${runs.open} open` },
  ];
}

function renderBanner(
  { settings, embedded, url }: { settings: LoadedConfig; embedded: Embedded; url: string },
  { errLook }: CommandContext,
): string {
  const { account, inboxDirectory } = settings;
  const provider =
    account === null
      ? 'simulated: no key is configured, nothing is bought'
      : `${account.provider} at ${account.baseUrl ?? 'its own address'}`;
  const row = (label: string, text: string): string => `  ${errLook.paint('dim', label.padEnd(10))} ${text}`;
  return [
    '',
    `  ${errLook.paint('bold', 'flotilla dev')}`,
    '',
    row('Inbox', `${inboxDirectory}: every *.jsonl becomes a run, answers in ${answersFolder}/ below it`),
    row('Health', `${url}/healthz and ${url}/readyz`),
    row('State', `${embedded.directory}, kept between runs`),
    row('Provider', provider),
    row('Engine', embedded.engine ? 'this process; other commands attach to it' : 'another process; this one attaches'),
    '',
    `  Next: cp requests.jsonl ${inboxDirectory}   Ctrl-C stops the local engine`,
    '',
    '',
  ].join('\n');
}
