import type { AddressInfo } from 'node:net';
import { FlotillaError } from '#errors/flotilla-error.ts';
import type { Clock } from '#ports/clock.ts';
import type { Hints } from '#ports/hints.ts';
import type { Log } from '#ports/log.ts';
import type { ProjectionBounds } from '#projection/projection.ts';
import { hashOfToken, isLoopback } from './access.ts';
import { createServer } from './create-server.ts';
import { EventStream } from './event-stream.ts';
import type { Source } from './overview.ts';
import { OverviewSource } from './overview-source.ts';
import { ProjectionKeeper } from './projection-keeper.ts';
import type { BoardQueue } from './queue-board.ts';
import { boardPath } from './security-headers.ts';

export interface ConsoleOptions {
  host: string;
  /** 0 takes any that is free. */
  port: number;
  /** The token or its hash; null: whoever reaches the address may look. */
  token: string | null;
  log: Log;
  /** Consumer group of intake. */
  intakeGroup: string;
  /** File of the projection; deleted and built anew at will. */
  projectionPath: string;
  bounds?: ProjectionBounds;
  /** Why the log that was opened is no longer the one to look at; null while it is. */
  logFault?: () => string | null;
  /** Null where no worker can leave any. */
  hints: Hints | null;
  /** Queues for bull-board; null with why there is no board. */
  queues: readonly BoardQueue[] | { why: string };
  source: Omit<Source, 'board'>;
  clock: Clock;
  screensMax?: number;
}

export interface RunningConsole {
  url: string;
  keeper: ProjectionKeeper;
  events: EventStream;
  /** Lets every screen go. Nothing is lost: all of it is built again from the log. */
  close(): Promise<void>;
}

/**
 * Serves the screens of one log.
 * @throws FlotillaError invalid-config without a token on an address that others reach; invalid-usage when the port is taken
 */
export async function startConsole(options: ConsoleOptions): Promise<RunningConsole> {
  const { host, port, token, log, clock, hints, queues, intakeGroup, bounds, screensMax } = options;
  const isOnLoopback = isLoopback(host);
  if (!isOnLoopback && token === null) throw withoutToken(host);
  const { projectionPath: path, logFault } = options;
  const keeper = new ProjectionKeeper({
    path,
    log,
    clock,
    ...(bounds ? { bounds } : {}),
    ...(logFault ? { logFault } : {}),
  });
  const hasBoard = Array.isArray(queues);
  const board: Source['board'] = hasBoard ? { path: boardPath } : (queues as { why: string });
  const source = { ...options.source, board };
  const overview = new OverviewSource({ keeper, log, intakeGroup, hints, source, clock });
  const limit = screensMax === undefined ? {} : { clientsMax: screensMax };
  const events = new EventStream({ text: () => overview.text(), clock, ...limit });
  const app = await createServer({
    tokenHash: hashOfToken(token),
    isOnLoopback,
    keeper,
    overview,
    events,
    queues: hasBoard ? (queues as readonly BoardQueue[]) : null,
    noBoardWhy: 'why' in board ? board.why : '',
  });
  await app.listen({ host: host.replace(/^\[|\]$/g, ''), port }).catch((cause: unknown) => {
    throw portTaken(cause, { host, port });
  });
  const stopping = new AbortController();
  const running = Promise.all([keeper.run(stopping.signal), events.run(stopping.signal)]);
  const { port: bound } = app.server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${bound}`,
    keeper,
    events,
    async close() {
      stopping.abort();
      await running;
      await app.close();
    },
  };
}

const withoutToken = (host: string): FlotillaError =>
  new FlotillaError('invalid-config', {
    where: 'console.token',
    why: `others reach ${host}, and there is no token: whoever finds it could read names of documents and costs`,
    fix: 'set FLOTILLA_CONSOLE_TOKEN or FLOTILLA_CONSOLE_TOKEN_FILE, or listen on 127.0.0.1',
  });

function portTaken(cause: unknown, { host, port }: { host: string; port: number }): FlotillaError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const why = code === 'EADDRINUSE' ? `port ${port} is in use` : message;
  return new FlotillaError('invalid-usage', { where: `${host}:${port}`, why, fix: 'give --port 0', cause });
}
