/** Words of what instructions and descriptions ask for by its kind. */
const wordsIn: Readonly<Record<string, number>> = {
  word: 1,
  keyword: 1.5,
  sentence: 20,
  line: 12,
  bullet: 14,
  paragraph: 80,
  page: 400,
};
const numbers = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];
/** A limit is met with room to spare. */
const shareOfLimit = 0.75;

const pattern = new RegExp(
  `(at most|no more than|up to|under|maximum of)?\\s*\\b(\\d{1,5}|an?|${numbers.join('|')})[- ]+(?:short |brief |long )?(${Object.keys(wordsIn).join('|')})s?\\b`,
  'i',
);

/** `in three sentences`, `at most 20 words`: what is said first counts. @returns words; null when nothing is said */
export function statedWords(text: string): number | null {
  const match = pattern.exec(text);
  if (!match) return null;
  const [, limit, count = '', kind = ''] = match;
  const many = /^an?$/i.test(count) ? 1 : /^\d/.test(count) ? Number(count) : numbers.indexOf(count.toLowerCase());
  return many * (wordsIn[kind.toLowerCase()] ?? 1) * (limit === undefined ? 1 : shareOfLimit);
}

/** Words of five letters: what English text has on average. */
export const textOfWords = (words: number): string =>
  Array.from({ length: Math.max(1, Math.round(words)) }, () => 'words').join(' ');
