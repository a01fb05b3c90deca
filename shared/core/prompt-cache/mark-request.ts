import { marksMax } from './cache-minimums.ts';
import { type CacheMark, type CachePlan, marksSent } from './cache-plan.ts';
import { noBlocks, parsedParams, promptBlocks } from './prompt-blocks.ts';
import { behindHead } from './prompt-heads.ts';
import type { PromptBlocks } from './prompt-positions.ts';
import { isObject } from './read-prompt.ts';
import type { TextAround, TextHeads } from './text-heads.ts';

/**
 * The request with its batch's markers. A pure function of its arguments, so whoever builds it sends the same bytes; without a
 * plan that sends any it is the very same text.
 *
 * A marker goes only into an item whose blocks up to there are those the plan was made for, and into none whose producer
 * set markers himself. A text that stands for a list of blocks becomes one only where a marker needs it.
 * @param heads makes it cheaper, and changes nothing
 */
export function markRequest(body: string, plan: CachePlan | null | undefined, heads?: TextHeads): string {
  const marks = marksSent(plan);
  if (marks.length === 0) return body;
  const { positions, hasOwnMarkers } = blocksOf(body, heads);
  if (hasOwnMarkers) return body;
  const own = marks.filter(({ depth, hash }) => positions[depth - 1]?.hash === hash && positions[depth - 1]?.canMark);
  if (own.length === 0) return body;
  return markedHead(body, own, heads) ?? marked(body, own);
}

function blocksOf(body: string, heads: TextHeads | undefined): PromptBlocks {
  const known = heads?.split(body);
  if (known) return behindHead(known.head, known.messages).read;
  const params = parsedParams(body);
  if (!params) return noBlocks;
  const blocks = promptBlocks(params);
  heads?.remember(body, params, blocks);
  return blocks;
}

function marked(body: string, marks: readonly CacheMark[]): string {
  const params = JSON.parse(body) as Record<string, unknown>;
  const places = placesOf(params);
  for (const mark of marks.slice(0, marksMax)) places[mark.depth - 1]?.(markerOf(mark));
  return JSON.stringify(params);
}

/** Marks what the requests of a lane have in common once, and puts each one's messages into it as they stand. */
function markedHead(body: string, marks: readonly CacheMark[], heads: TextHeads | undefined): string | null {
  const parts = heads?.split(body);
  if (!parts || marks.some(({ depth }) => depth > parts.head.positions.length)) return null;
  const messages = JSON.stringify(parts.messages).slice(1, -1);
  const { marked: known, before, after } = parts.head;
  // As it would be written anew, so that it does not matter whether a request was read as a whole.
  if (body.slice(before.length, body.length - after.length) !== messages) return null;
  const key = marks.map(({ depth, ttl }) => `${depth} ${ttl}`).join();
  if (!known.has(key)) known.set(key, cutAtMessages(marked(`${before}${stand}${after}`, marks)));
  const head = known.get(key);
  return head ? `${head.before}${messages}${head.after}` : null;
}

/** Stands for the messages; no text that is written as JSON looks like it but this one. */
const stand = JSON.stringify('messages\u0000stand here');

function cutAtMessages(text: string): TextAround | null {
  const [before, after, ...more] = text.split(stand);
  return before === undefined || after === undefined || more.length > 0 ? null : { before, after };
}

interface Marker {
  type: 'ephemeral';
  ttl: CacheMark['ttl'];
}

/** Without a `ttl` it would be five minutes by the provider's default, which may change. */
export const markerOf = ({ ttl }: Pick<CacheMark, 'ttl'>): Marker => ({ type: 'ephemeral', ttl });

/** Puts a marker on one block. */
type Place = (marker: Marker) => void;

/** One for each position of `promptBlocks`, in its order. */
function placesOf(params: Record<string, unknown>): Place[] {
  const messages = Array.isArray(params.messages) ? params.messages.filter(isObject) : [];
  return [
    ...blockPlaces(params.tools),
    ...contentPlaces(params, 'system'),
    ...messages.flatMap(message => contentPlaces(message as Record<string, unknown>, 'content')),
  ];
}

function contentPlaces(holder: Record<string, unknown>, field: 'system' | 'content'): Place[] {
  const content = holder[field];
  if (typeof content !== 'string') return blockPlaces(content);
  const place: Place = marker => {
    holder[field] = [{ type: 'text', text: content, cache_control: marker }];
  };
  return [place];
}

const blockPlaces = (list: unknown): Place[] =>
  (Array.isArray(list) ? list.filter(isObject) : []).map(block => marker => {
    (block as Record<string, unknown>).cache_control = marker;
  });
