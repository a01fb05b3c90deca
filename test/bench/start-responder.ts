import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { CreateSeen } from './canned-batches.ts';
import type { CallKind, ResponderOptions } from './canned-responder.ts';

const responderFile = fileURLToPath(new URL('./canned-responder.ts', import.meta.url));

/** A running responder. It goes with this process, whatever becomes of it. */
export interface Responder {
  baseUrl: string;
  /** What was bought so far, and the responder's own CPU. */
  sold(): Promise<{ batches: number; items: number; cpuMs: number }>;
  createsSince(sinceMs: number): Promise<CreateSeen[]>;
  /** Calls of each kind so far, and the first since the last reset. */
  calls(options?: { isReset: boolean }): Promise<Record<CallKind, { count: number; firstAtMs: number | null }>>;
  /** While held no batch ends. */
  hold(isHeld: boolean): Promise<void>;
  stop(): void;
}

/** Starts a responder on a free port and waits until it listens. */
export async function startResponder(options: ResponderOptions = {}): Promise<Responder> {
  const child = spawn(process.execPath, [responderFile, JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const port = await readPort(child.stdout);
  const baseUrl = `http://127.0.0.1:${port}`;
  return {
    baseUrl,
    sold: () => get(`${baseUrl}/sold`),
    createsSince: async sinceMs =>
      (await get<{ creates: CreateSeen[] }>(`${baseUrl}/creates?since=${sinceMs}`)).creates,
    calls: ({ isReset } = { isReset: false }) => get(`${baseUrl}/calls${isReset ? '?reset' : ''}`),
    hold: async isHeld => void (await fetch(`${baseUrl}/hold?is=${isHeld ? 1 : 0}`, { method: 'POST' })),
    stop: () => child.stdin.end(),
  };
}

async function readPort(output: NodeJS.ReadableStream): Promise<number> {
  for await (const line of createInterface({ input: output })) return (JSON.parse(line) as { port: number }).port;
  throw new Error('the responder ended before it listened');
}

async function get<T>(url: string): Promise<T> {
  return (await (await fetch(url)).json()) as T;
}
