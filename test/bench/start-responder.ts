import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { CreateSeen } from './canned-batches.ts';

const responderFile = fileURLToPath(new URL('./canned-responder.ts', import.meta.url));

/** A running responder. It goes with this process, whatever becomes of it. */
export interface Responder {
  baseUrl: string;
  /** What was bought so far, and the responder's own CPU. */
  sold(): Promise<{ batches: number; items: number; cpuMs: number }>;
  createsSince(sinceMs: number): Promise<CreateSeen[]>;
  stop(): void;
}

/** Starts a responder on a free port and waits until it listens. */
export async function startResponder(): Promise<Responder> {
  const child = spawn(process.execPath, [responderFile], { stdio: ['pipe', 'pipe', 'inherit'] });
  const port = await readPort(child.stdout);
  const baseUrl = `http://127.0.0.1:${port}`;
  return {
    baseUrl,
    sold: () => get(`${baseUrl}/sold`),
    createsSince: async sinceMs =>
      (await get<{ creates: CreateSeen[] }>(`${baseUrl}/creates?since=${sinceMs}`)).creates,
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
