import type { ReplyFacts } from '#ports/batch-provider.ts';
import type { AnthropicAccount } from './anthropic-account.ts';
import { readErrorEnvelope } from './read-error-envelope.ts';
import { readRefusedReply } from './read-failure.ts';
import { readReplyFacts } from './read-reply-facts.ts';
import { requestJson } from './request-json.ts';
import { toReadError } from './to-read-error.ts';

/** Replies that mean there is nothing left to cancel: it has ended, or is gone. */
const nothingToCancel: ReadonlySet<number> = new Set([400, 404, 409]);

/** Asks for a cancel; asking twice, or too late, is fine. */
export async function cancelBatch(account: AnthropicAccount, pid: string): Promise<ReplyFacts> {
  const path = `/v1/messages/batches/${encodeURIComponent(pid)}/cancel`;
  try {
    const { headers } = await requestJson(account, { method: 'post', path });
    return readReplyFacts({ headers, ownerWhenUnshown: account.ownerWhenUnshown });
  } catch (error) {
    const reply = readRefusedReply(error);
    const failure = toReadError(error, { account, where: `POST ${path}` });
    const isTooLate = reply !== null && nothingToCancel.has(reply.httpStatus) && readErrorEnvelope(reply.body) !== null;
    if (!isTooLate || failure.code === 'provider-auth') throw failure;
    return readReplyFacts({ headers: reply.headers, ownerWhenUnshown: account.ownerWhenUnshown });
  }
}
