import type { ComposedAnswer } from './compose-answer.ts';
import type { SimulatedUsage } from './price-usage.ts';

export interface BuildMessageOptions {
  id: string;
  model: string;
  answer: ComposedAnswer;
  usage: SimulatedUsage;
  isBatch: boolean;
}

/** A Message as the wire has it. */
export function buildMessage({ id, model, answer, usage, isBatch }: BuildMessageOptions) {
  return {
    id,
    type: 'message',
    role: 'assistant',
    model,
    content: answer.content,
    container: null,
    stop_reason: answer.stopReason,
    stop_details:
      answer.stopReason === 'refusal'
        ? { type: 'refusal', category: 'general_harms', explanation: 'The simulated model declined to answer.' }
        : null,
    stop_sequence: null,
    usage: {
      input_tokens: usage.input,
      output_tokens: usage.output,
      cache_creation_input_tokens: usage.cacheWrite5m + usage.cacheWrite1h,
      cache_read_input_tokens: usage.cacheRead,
      cache_creation: {
        ephemeral_5m_input_tokens: usage.cacheWrite5m,
        ephemeral_1h_input_tokens: usage.cacheWrite1h,
      },
      output_tokens_details: { thinking_tokens: 0 },
      server_tool_use: null,
      service_tier: isBatch ? 'batch' : 'standard',
      inference_geo: 'not_available',
    },
  };
}

export type WireMessage = ReturnType<typeof buildMessage>;
