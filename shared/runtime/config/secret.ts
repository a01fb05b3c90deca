import { inspect } from 'node:util';

const redacted = '[redacted]';

/**
 * A text that must never be printed. Whatever makes text of it (JSON, templates, `console.log`, error serialisers) gets
 * `[redacted]`; only `reveal()` gives it out, so every place that does can be found by that word.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  toJSON(): string {
    return redacted;
  }

  toString(): string {
    return redacted;
  }

  [inspect.custom](): string {
    return redacted;
  }
}
