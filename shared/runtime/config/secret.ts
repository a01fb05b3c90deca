import { inspect } from 'node:util';

const redacted = '[redacted]';

/**
 * A text that must never be printed. Whatever makes text of it (JSON, templates, `console.log`, error serialisers) gets
 * `[redacted]`, or what it was told to show instead; only `reveal()` gives it out, so every place that does can be found by that word.
 */
export class Secret {
  readonly #text: string;
  readonly #shown: string;

  /** @param shown what may be printed of it */
  constructor(text: string, shown: string = redacted) {
    this.#text = text;
    this.#shown = shown;
  }

  reveal(): string {
    return this.#text;
  }

  toJSON(): string {
    return this.#shown;
  }

  toString(): string {
    return this.#shown;
  }

  [inspect.custom](): string {
    return this.#shown;
  }
}
