import type { NotBought } from '#ports/batch-provider.ts';
import type { AnthropicAccount } from './anthropic-account.ts';
import { classifyCreateRefusal } from './classify-create-refusal.ts';
import { cleanMessage } from './clean-message.ts';
import { isConnectFailure } from './is-connect-failure.ts';
import { describeFailure, readRefusedReply } from './read-failure.ts';
import { startDeadline } from './start-deadline.ts';

const BYTES_PER_MEGABYTE = 1_000_000;

/** A call that buys. */
export interface Purchase {
  path: string;
  body: Buffer;
  /** Asked once, right before the first byte of the body is written. */
  isInTime(): boolean;
}

/**
 * Sends one POST, whatever happens to it. Three layers would repeat it if they were let (catalogue A1): the SDK
 * (`maxRetries`), fetch on a redirect (`redirect`), and fetch on a 421, which only a body that can be read once prevents
 * (Node 24.21, seen 2026-11-21).
 * @param read of a reply that says success, and its text
 */
export async function postOnce<Bought>(
  account: AnthropicAccount,
  { path, body, isInTime }: Purchase,
  { signal, read }: { signal: AbortSignal; read: (text: string, response: Response) => Bought },
): Promise<Bought | NotBought> {
  if (signal.aborted) return refuseUnsent('not-connected', 'given up before it was sent');
  const deadline = startDeadline({ ms: timeoutMs(account, body.length), signal });
  const sending = { isHeldBack: false };
  const readable = readableInTime(body, () => {
    sending.isHeldBack = !isInTime();
    return !sending.isHeldBack;
  });
  try {
    const response = await post(account, { path, body: readable, bytes: body.length }, deadline.signal);
    return read(await response.text(), response);
  } catch (error) {
    if (sending.isHeldBack) return refuseUnsent('too-late', 'connected after the time in which it may be sent');
    const outcome = classifyFailure(error);
    return { ...outcome, message: cleanMessage({ text: outcome.message, apiKey: account.apiKey }) };
  } finally {
    deadline.clear();
  }
}

export function refuseUnsent(reason: 'not-connected' | 'too-large' | 'too-late', message: string): NotBought {
  return { status: 'refused', reason, httpStatus: null, message, retryAfterMs: null, facts: null };
}

/** `T_http` (protocol §7): it covers connecting, sending and the whole reply. */
function timeoutMs(account: AnthropicAccount, bodyBytes: number): number {
  return Math.ceil(account.createTimeoutMs + (bodyBytes / BYTES_PER_MEGABYTE) * account.createTimeoutPerMegabyteMs);
}

function post(
  account: AnthropicAccount,
  { path, body, bytes }: { path: string; body: ReadableStream<Uint8Array>; bytes: number },
  signal: AbortSignal,
): Promise<Response> {
  return account.client
    .post(path, {
      body,
      headers: { 'content-type': 'application/json', 'content-length': String(bytes) },
      maxRetries: 0,
      fetchOptions: { redirect: 'manual' },
      signal,
    })
    .asResponse();
}

/**
 * Asks `isInTime` when fetch has a connection and writes; without its body a request is none. fetch takes one chunk ahead, before
 * it connects (Node 24.21, seen 2026-11-24), so the first one is empty.
 */
function readableInTime(body: Buffer, isInTime: () => boolean): ReadableStream<Uint8Array> {
  let isAhead = true;
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    if (isAhead) {
      isAhead = false;
      controller.enqueue(new Uint8Array(0));
      return;
    }
    if (!isInTime()) throw new Error('too late');
    controller.enqueue(body);
    controller.close();
  };
  return new ReadableStream({ pull }, { highWaterMark: 0 });
}

function classifyFailure(error: unknown): NotBought {
  const reply = readRefusedReply(error);
  if (reply) return classifyCreateRefusal(reply);
  if (isConnectFailure(error)) return refuseUnsent('not-connected', describeFailure(error));
  return { status: 'ambiguous', message: describeFailure(error) };
}
