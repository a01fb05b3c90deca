import type { Answer, TokenUsage } from '#ports/batch-provider.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The answer in a `succeeded` line. Read by hand and loosely: whatever is missing is empty, for the item was bought
 * and its body is kept as it is. Null when there is no message at all.
 */
export function readAnswer(message: unknown): Answer | null {
  if (!isFields(message)) return null;
  return {
    body: message,
    text: readText(message.content),
    finish: readFinish(message.stop_reason),
    model: typeof message.model === 'string' ? message.model : '',
    usage: readUsage(message.usage),
  };
}

/**
 * Unknown stop reasons are complete answers. `pause_turn` is not: the provider stopped in the middle of a long turn
 * and waits to be called again with what it said so far, which a batch item cannot be.
 */
function readFinish(stopReason: unknown): Answer['finish'] {
  switch (stopReason) {
    case 'refusal':
      return 'refused';
    case 'max_tokens':
    case 'model_context_window_exceeded':
    case 'pause_turn':
      return 'truncated';
    default:
      return 'complete';
  }
}

/** All text blocks: an answer may come in several (catalogue O10). */
function readText(content: unknown): string {
  if (!Array.isArray(content)) return '';
  let text = '';
  for (const block of content as unknown[]) {
    if (isFields(block) && block.type === 'text' && typeof block.text === 'string') text += block.text;
  }
  return text;
}

/** Without the split by lifetime, what was written to the cache is counted as 5 minutes, the provider's default. */
function readUsage(usage: unknown): TokenUsage {
  const fields = isFields(usage) ? usage : {};
  const split = isFields(fields.cache_creation) ? fields.cache_creation : null;
  return {
    input: readCount(fields.input_tokens),
    output: readCount(fields.output_tokens),
    cacheRead: readCount(fields.cache_read_input_tokens),
    cacheWrite5m: readCount(split ? split.ephemeral_5m_input_tokens : fields.cache_creation_input_tokens),
    cacheWrite1h: readCount(split?.ephemeral_1h_input_tokens),
  };
}

function readCount(value: unknown): number {
  return typeof value === 'number' && value > 0 ? value : 0;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}
