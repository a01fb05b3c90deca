/** Messages params after validation, loosely typed: only what the simulator reads. */
export interface MessageParams {
  model: string;
  max_tokens: number;
  messages: MessageInput[];
  system?: string | ContentBlock[];
  tools?: Tool[];
  tool_choice?: { type: string; name?: string };
  cache_control?: CacheControl;
  output_config?: { format?: { type: string; schema: Schema }; effort?: string };
  thinking?: { type: string };
  inference_geo?: string;
  stream?: boolean;
}

export interface MessageInput {
  role: string;
  content: string | ContentBlock[];
}

export interface ContentBlock {
  type: string;
  text?: string;
  cache_control?: CacheControl;
  [field: string]: unknown;
}

export interface Tool {
  name: string;
  input_schema?: Schema;
  cache_control?: CacheControl;
}

export interface CacheControl {
  type: string;
  ttl?: '5m' | '1h';
}

export type Schema = Record<string, unknown>;

/** The text of the last user message: what the simulator calls the document. */
export function documentText(params: MessageParams): string {
  for (let index = params.messages.length - 1; index >= 0; index -= 1) {
    const message = params.messages[index] as MessageInput;
    if (message.role === 'user') return contentText(message.content);
  }
  return '';
}

/** All the text a model would read. */
export function promptText(params: MessageParams): string {
  const system = params.system === undefined ? '' : `${contentText(params.system)}\n`;
  return system + params.messages.map(message => contentText(message.content)).join('\n');
}

export function contentText(content: string | ContentBlock[]): string {
  if (typeof content === 'string') return content;
  return content.map(block => (typeof block.text === 'string' ? block.text : '')).join('\n');
}
