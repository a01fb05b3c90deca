/**
 * What of a request its tokens depend on, as counts that add up: the features of a file are the sum of those of its
 * requests. Cheap to take, and blind to which words they are.
 */
export const featureNames = [
  'words',
  'letters',
  'digits',
  'spaces',
  'marks',
  'latin',
  'cjk',
  'others',
  'messages',
  'tools',
  'toolBytes',
  'schemaBytes',
  'media',
] as const;

/** One number for each of `featureNames`, in their order. */
export type Features = readonly number[];

export const noFeatures: Features = featureNames.map(() => 0);

export const addFeatures = (a: Features, b: Features): Features => a.map((count, index) => count + (b[index] ?? 0));

const at = Object.fromEntries(featureNames.map((name, index) => [name, index])) as Record<
  (typeof featureNames)[number],
  number
>;

/** Features of a request's JSON text, as it goes on the wire. Total: what is not understood counts for nothing. */
export function featuresOf(body: string): Features {
  const counts = featureNames.map(() => 0);
  const { system, messages, tools, output_config: output } = JSON.parse(body) as Record<string, unknown>;
  addContent(counts, system);
  for (const message of listOf(messages)) {
    counts[at.messages] = (counts[at.messages] as number) + 1;
    addContent(counts, fieldOf(message, 'content'));
  }
  if (listOf(tools).length > 0) {
    counts[at.tools] = 1;
    counts[at.toolBytes] = jsonBytes(tools);
  }
  const format = fieldOf(output, 'format');
  if (format !== undefined) counts[at.schemaBytes] = jsonBytes(format);
  return counts;
}

/** Of an answer: a text by itself. */
export function featuresOfText(text: string): Features {
  const counts = featureNames.map(() => 0);
  addText(counts, text);
  return counts;
}

/** A text, or blocks; of blocks that are no text, what is written in them. */
function addContent(counts: number[], content: unknown): void {
  if (typeof content === 'string') addText(counts, content);
  for (const block of listOf(content)) {
    const type = fieldOf(block, 'type');
    const text = fieldOf(block, 'text');
    if (typeof text === 'string') addText(counts, text);
    else if (type === 'image' || type === 'document') counts[at.media] = (counts[at.media] as number) + 1;
    else addText(counts, JSON.stringify(block) ?? '');
  }
}

const [lower, upper, digit, space, mark, other] = [1, 2, 3, 4, 5, 6] as const;

/** A word begins where letters do, and within them where a capital follows a small one. */
function addText(counts: number[], text: string): void {
  let [words, letters, digits, spaces, marks, latin, cjk, others] = [0, 0, 0, 0, 0, 0, 0, 0];
  let before = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    let kind: number;
    if (code < 0x80) {
      if (code >= 97 && code <= 122) {
        letters += 1;
        kind = lower;
        if (before !== lower && before !== upper) words += 1;
      } else if (code >= 65 && code <= 90) {
        letters += 1;
        kind = upper;
        if (before !== upper) words += 1;
      } else if (code >= 48 && code <= 57) {
        digits += 1;
        kind = digit;
      } else if (code === 32 || (code >= 9 && code <= 13)) {
        spaces += 1;
        kind = space;
      } else {
        marks += 1;
        kind = mark;
      }
    } else if (code >= 0xc0 && code < 0x250) {
      latin += 1;
      kind = lower;
    } else if (isWide(code)) {
      cjk += 1;
      kind = other;
    } else {
      others += 1; // an emoji is two of them
      kind = other;
    }
    before = kind;
  }
  for (const [index, count] of [words, letters, digits, spaces, marks, latin, cjk, others].entries()) {
    counts[index] = (counts[index] as number) + count;
  }
}

/** Chinese, Japanese, Korean, and their full-width forms; not their spaces and marks. */
const isWide = (code: number): boolean =>
  (code >= 0x2e80 && code < 0x3000) ||
  (code >= 0x3040 && code < 0xd7b0) ||
  (code >= 0xf900 && code < 0xfb00) ||
  (code >= 0xff00 && code < 0xfff0);

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;

const jsonBytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value) ?? '');

/** Letters of any script, as far as they are surely no marks. */
export const lettersOf = (features: Features): number =>
  (features[at.letters] ?? 0) + (features[at.latin] ?? 0) + (features[at.cjk] ?? 0);
