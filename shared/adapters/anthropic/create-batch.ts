import type { CreateItem, CreateOutcome, CreateRequest } from '#ports/batch-provider.ts';
import type { AnthropicAccount } from './anthropic-account.ts';
import { anthropicCapabilities } from './anthropic-capabilities.ts';
import { buildCreateBody } from './build-create-body.ts';
import { classifyCreateRefusal } from './classify-create-refusal.ts';
import { cleanMessage } from './clean-message.ts';
import { isConnectFailure } from './is-connect-failure.ts';
import { describeFailure, readRefusedReply } from './read-failure.ts';
import { readReplyFacts } from './read-reply-facts.ts';
import { startDeadline } from './start-deadline.ts';

const BYTES_PER_MEGABYTE = 1_000_000;

/**
 * Sends one create: one POST, whatever happens to it. Three layers would repeat it if they were let (catalogue A1):
 * the SDK (`maxRetries`), fetch on a redirect (`redirect`), and fetch on a 421, which only a body that can be read
 * once prevents (Node 24.21, seen 2026-11-21).
 */
export async function createBatch(
  account: AnthropicAccount,
  request: CreateRequest,
  signal: AbortSignal,
): Promise<CreateOutcome> {
  if (signal.aborted) return refuseUnsent('not-connected', 'given up before it was sent');
  if (isTooLarge(request.items)) return refuseUnsent('too-large', 'the batch is larger than the provider accepts');
  const body = buildCreateBody(request.items);
  const deadline = startDeadline({ ms: createTimeoutMs(account, body.length), signal });
  const sending = { isHeldBack: false };
  const readable = readableInTime(body, () => {
    sending.isHeldBack = !request.isInTime();
    return !sending.isHeldBack;
  });
  try {
    const response = await postOnce(account, { body: readable, bytes: body.length }, deadline.signal);
    return readCreated(await response.text(), response, account);
  } catch (error) {
    if (sending.isHeldBack) return refuseUnsent('too-late', 'connected after the time in which it may be sent');
    const outcome = classifyFailure(error);
    if (outcome.status === 'created') return outcome;
    return { ...outcome, message: cleanMessage({ text: outcome.message, apiKey: account.apiKey }) };
  } finally {
    deadline.clear();
  }
}

/** Told before it is built, for the provider would read it all to say so. Characters: never more than the bytes. */
function isTooLarge(items: readonly CreateItem[]): boolean {
  if (items.length > anthropicCapabilities.batchItemsMax) return true;
  return items.reduce((sum, item) => sum + item.body.length, 0) > anthropicCapabilities.batchBytesMax;
}

/** `T_http` (protocol §7): it covers connecting, sending and the whole reply. */
function createTimeoutMs(account: AnthropicAccount, bodyBytes: number): number {
  return Math.ceil(account.createTimeoutMs + (bodyBytes / BYTES_PER_MEGABYTE) * account.createTimeoutPerMegabyteMs);
}

function postOnce(
  account: AnthropicAccount,
  { body, bytes }: { body: ReadableStream<Uint8Array>; bytes: number },
  signal: AbortSignal,
): Promise<Response> {
  return account.client
    .post('/v1/messages/batches', {
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

function readCreated(text: string, response: Response, account: AnthropicAccount): CreateOutcome {
  const pid = readId(text);
  // Something was answered as a success; what was made under it can only be found by looking.
  if (pid === null) return { status: 'ambiguous', message: `HTTP ${response.status} without a batch id` };
  const { headers } = response;
  return {
    status: 'created',
    pid,
    facts: readReplyFacts({ headers, ownerWhenUnshown: account.ownerWhenUnshown }),
  };
}

function readId(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text);
    const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : null;
    return typeof id === 'string' && id !== '' ? id : null;
  } catch {
    return null;
  }
}

function classifyFailure(error: unknown): CreateOutcome {
  const reply = readRefusedReply(error);
  if (reply) return classifyCreateRefusal(reply);
  if (isConnectFailure(error)) return refuseUnsent('not-connected', describeFailure(error));
  return { status: 'ambiguous', message: describeFailure(error) };
}

function refuseUnsent(reason: 'not-connected' | 'too-large' | 'too-late', message: string): CreateOutcome {
  return { status: 'refused', reason, httpStatus: null, message, retryAfterMs: null, facts: null };
}
