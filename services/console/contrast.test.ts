import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

const sheet = readFileSync(new URL('./page/console.css', import.meta.url), 'utf8');

/** The colours of a theme, by name: the first `:root` is light, the one of dark screens the second. */
const [light, dark] = [...sheet.matchAll(/:root \{([^}]*)\}/g)].map(
  ([, body = '']) =>
    new Map([...body.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, color]) => [name, color])),
) as [Map<string, string>, Map<string, string>];

/** Relative luminance (WCAG 2.2). */
function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map(at => {
    const share = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

describe('colours of the page', () => {
  for (const [theme, colors] of Object.entries({ light, dark })) {
    const of = (name: string): string => colors.get(name) as string;

    it(`have enough contrast for text (${theme})`, () => {
      for (const text of ['text', 'quiet', 'accent', 'good', 'warn', 'bad']) {
        for (const ground of ['ground', 'card']) {
          const found = contrast(of(text), of(ground));
          assert.ok(found >= 4.5, `${text} on ${ground}: ${found.toFixed(2)}`);
        }
      }
      assert.ok(contrast(of('warn'), of('warn-ground')) >= 4.5);
    });

    it(`have enough contrast for gauges and fields (${theme})`, () => {
      assert.ok(contrast(of('fill'), of('track')) >= 3, contrast(of('fill'), of('track')).toFixed(2));
      assert.ok(contrast(of('quiet'), of('card')) >= 3);
    });
  }
});
