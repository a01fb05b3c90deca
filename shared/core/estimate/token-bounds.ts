/**
 * Between these two a request's input tokens lie, whatever its text is and whoever counts them. Nothing that was learned goes
 * into them: the upper one is what INTENT reserves, and a calibration may be wrong for a script that it has never seen.
 */

/** What tools and a schema put into a prompt beside themselves; some hundred tokens are documented. */
const toolPromptTokensMax = 1_000;
const schemaPromptTokensMax = 500;
/** The dearest picture that is documented has about 4,800. */
const imageTokensMax = 5_000;
/** No model reads more: what is fetched, unpacked or searched for is bounded by nothing else. */
export const contextTokensMax = 1_000_000;
/** Letters of one token, in the longest words of known vocabularies. */
const lettersPerTokenMax = 16;

/** Names of what brings tokens that are no bytes of the request; without any of them it need not be parsed. */
const bringers = ['"image"', '"document"', '"tools"', '"mcp_servers"', '"container"', '"container_upload"'];

/**
 * Every token stands for at least one byte of text, so the bytes of the JSON bound them: its keys are more than what goes
 * around messages. A tokenizer may normalise first, and one character of three bytes then becomes eighteen letters.
 *
 * @param body JSON text of the request
 * @param options.isText it consists of texts (`isPlainText`): nothing in it brings tokens, and nobody need look
 */
export function inputTokensMax(body: string, { isText = false }: { isText?: boolean } = {}): number {
  const bytes = Buffer.byteLength(body);
  // Only what is beyond ASCII can grow.
  const text = bytes === body.length ? bytes : Math.max(bytes, Buffer.byteLength(body.normalize('NFKC')));
  const schema = body.includes('"output_config"') ? schemaPromptTokensMax : 0;
  const brought = !isText && bringers.some(name => body.includes(name)) ? broughtTokensMax(JSON.parse(body)) : 0;
  return text + schema + brought;
}

/**
 * Letters are never merged beyond a word, and every answer needs a token to ask for it. Spaces and marks count for nothing:
 * a run of them may be one token however long it is.
 */
export const inputTokensMin = (letters: number): number => 1 + Math.floor(letters / lettersPerTokenMax);

function broughtTokensMax(request: Record<string, unknown>): number {
  if (request.mcp_servers !== undefined || request.container !== undefined) return contextTokensMax;
  const tools = Array.isArray(request.tools) ? (request.tools as Record<string, unknown>[]) : [];
  // The provider's own tools (search, fetch, code) feed what they find to the model.
  if (tools.some(({ type }) => type !== undefined && type !== 'custom')) return contextTokensMax;
  const media = mediaTokensMax([request.system, request.messages]);
  return Math.min(contextTokensMax, media + (tools.length > 0 ? toolPromptTokensMax : 0));
}

function mediaTokensMax(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, inner) => sum + mediaTokensMax(inner), 0);
  if (typeof value !== 'object' || value === null) return 0;
  const { type, source, content } = value as { type?: unknown; source?: { type?: unknown }; content?: unknown };
  if (type === 'container_upload') return contextTokensMax;
  if (type === 'image') return imageTokensMax;
  if (type !== 'document') return mediaTokensMax(content);
  // A PDF is text and pictures of its pages, packed; what is written in the request is bounded by its bytes.
  return source?.type === 'text' || source?.type === 'content' ? mediaTokensMax(source) : contextTokensMax;
}
