import type { ReplyFacts, ResultRead } from '#ports/batch-provider.ts';
import type { AnthropicAccount } from './anthropic-account.ts';
import { type EndedBatch, endedOf } from './ended-batches.ts';
import { readErrorEnvelope } from './read-error-envelope.ts';
import { readRefusedReply } from './read-failure.ts';
import { readMessageBatch } from './read-message-batch.ts';
import { readReplyFacts } from './read-reply-facts.ts';
import { requestJson } from './request-json.ts';
import { streamResultLines } from './stream-result-lines.ts';
import { toReadError } from './to-read-error.ts';

/**
 * One read of a batch, which is not asked for again when a list has just shown that it has ended. A batch whose results are no longer kept (archived after 29 days) is `not-found` as a batch
 * that is gone is: there is nothing left to collect, and nothing will come.
 */
export async function readResults(account: AnthropicAccount, pid: string): Promise<ResultRead> {
  const path = pathOf(pid);
  const listed = account.ended.take(pid);
  // No clock: what the list said of it is not of now.
  if (listed !== null) return endedRead(account, listed.batch, { owner: listed.owner, serverDate: null });
  try {
    const { value, headers } = await requestJson(account, { method: 'get', path });
    const batch = readMessageBatch(value);
    const facts = readReplyFacts({ headers, ownerWhenUnshown: account.ownerWhenUnshown });
    if (!batch.hasEnded) return { status: 'running', facts };
    const ended = endedOf(batch);
    return ended === null ? { status: 'not-found', facts } : endedRead(account, ended, facts);
  } catch (error) {
    const notFound = readNotFound(error, account);
    if (notFound) return notFound;
    throw toReadError(error, { account, where: `GET ${path}` });
  }
}

function endedRead(account: AnthropicAccount, batch: EndedBatch, facts: ReplyFacts): ResultRead {
  const { pid, endedAt, lineCount, resultsUrl } = batch;
  const lines = streamResultLines(
    account,
    resultsPath({ baseUrl: account.baseUrl, path: pathOf(pid), url: resultsUrl }),
  );
  return { status: 'ended', endedAt, lineCount, wholeBatch: null, lines, facts };
}

const pathOf = (pid: string): string => `/v1/messages/batches/${encodeURIComponent(pid)}`;

/** Only the provider's own word counts: a 404 page of something in between says nothing about the batch. */
function readNotFound(error: unknown, account: AnthropicAccount): ResultRead | null {
  const reply = readRefusedReply(error);
  if (reply?.httpStatus !== 404 || readErrorEnvelope(reply.body) === null) return null;
  const facts = readReplyFacts({ headers: reply.headers, ownerWhenUnshown: account.ownerWhenUnshown });
  return { status: 'not-found', facts };
}

/** The key goes where the base URL points and nowhere else, whatever a reply names. */
export function resultsPath(options: { baseUrl: string; path: string; url: string }): string {
  const url = URL.parse(options.url);
  return url?.href.startsWith(`${options.baseUrl}/`) ? url.href : `${options.path}/results`;
}
