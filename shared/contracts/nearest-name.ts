import { distance } from 'fastest-levenshtein';

const nameCharactersMax = 64;

/** The candidate a person most likely meant, or null when none is near. */
export function nearestName(name: string, candidates: Iterable<string>): string | null {
  if (name.length > nameCharactersMax) return null;
  // Two letters exchanged are two typos; in a word of four, two typos make another word.
  const typosMax = name.length < 5 ? 1 : Math.max(2, Math.floor(name.length / 3));
  let nearest: string | null = null;
  let fewest = typosMax + 1;
  for (const candidate of candidates) {
    const typos = distance(name.toLowerCase(), candidate.toLowerCase());
    if (typos < fewest) [nearest, fewest] = [candidate, typos];
  }
  return nearest;
}

/** `; did you mean "x"?`, or nothing. */
export function suggestion(name: string, candidates: Iterable<string>): string {
  const nearest = nearestName(name, candidates);
  return nearest === null ? '' : `; did you mean "${nearest}"?`;
}

/** A name from outside, short enough for a message. */
export const quoted = (name: string): string =>
  JSON.stringify(name.length > nameCharactersMax ? `${name.slice(0, nameCharactersMax)}…` : name);
