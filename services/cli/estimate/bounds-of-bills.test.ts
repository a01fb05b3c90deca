import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { worstCost } from '#core/caps/cap-worst-case.ts';
import { callCostOf, costOf, noUsage } from '#core/cost.ts';
import { lowestCost } from '#core/estimate/estimate.ts';
import { featuresOf, lettersOf } from '#core/estimate/text-features.ts';
import { inputTokensMax, inputTokensMin } from '#core/estimate/token-bounds.ts';
import { cacheTokensMin, mayBeMarked } from '#core/prompt-cache/cache-minimums.ts';
import { markRequest } from '#core/prompt-cache/mark-request.ts';
import { primeRequest } from '#core/prompt-cache/prime-request.ts';
import { primeCostMax, worstPrimeCost } from '#core/prompt-cache/primes.ts';
import { promptBlocks } from '#core/prompt-cache/prompt-blocks.ts';
import { SimulatorMachine } from '#services/simulator/machine/simulator-machine.ts';
import { createMemoryStore } from '#services/simulator/store/memory-store.ts';
import { checkProperty, recordOf } from '#test/support/check-property.ts';

const now = Date.UTC(2026, 10, 29);
const model = 'claude-haiku-5-5';
const version = '2026-10-21';

const scripts = {
  english: 'The harbour was built in 1882 and rebuilt twice. ',
  json: '{"name":"left-pad","tags":["a","b"],"n":1.5}\n',
  code: 'for (const x of xs) { sum += x.size ?? 0; }\n',
  chinese: '港口建于一八八二年，后来重建过两次。',
  japanese: 'この港は一八八二年に建てられた。',
  arabic: 'بُني الميناء عام ١٨٨٢ ثم أُعيد بناؤه مرتين. ﷺ ',
  emoji: '👩‍👩‍👧‍👦🚢🏴‍☠️ ',
  base64: 'aGFyYm91ciBidWlsdCBpbiAxODgyIGFuZCByZWJ1aWx0IHR3aWNl',
  spaces: '          \n\t',
  marks: '-------- ======== ……… ',
  control: '\u0000\u0001\u001f',
  halves: '\ud83d\ud800',
};

const text = fc
  .array(fc.tuple(fc.constantFrom(...Object.values(scripts)), fc.integer({ min: 1, max: 40 })), { maxLength: 6 })
  .map(parts => parts.map(([part, times]) => part.repeat(times)).join(''));

const schema = {
  type: 'object',
  properties: { kind: { type: 'string', enum: ['a', 'b'] }, why: { type: 'string' } },
  required: ['kind', 'why'],
  additionalProperties: false,
};

const request = recordOf({
  system: text,
  content: text,
  maxTokens: fc.integer({ min: 1, max: 2_000 }),
  hasSchema: fc.boolean(),
});

describe('what a request may cost at least and at most', () => {
  it('S5: holds the bill, in every script', () => {
    const machine = new SimulatorMachine({ store: createMemoryStore() });
    checkProperty(
      fc.property(request, ({ system, content, maxTokens, hasSchema }) => {
        const body = JSON.stringify({
          model,
          max_tokens: maxTokens,
          system: [{ type: 'text', text: `${system}.` }],
          messages: [{ role: 'user', content: `${content}.` }],
          ...(hasSchema ? { output_config: { format: { type: 'json_schema', schema } } } : {}),
        });
        const caller = { workspace: 'w', now, version, params: JSON.parse(body) } as const;
        const reply = machine.createMessage(caller);
        assert.ok(reply.status === 'done', JSON.stringify(reply));
        const { input_tokens: input, output_tokens: output } = reply.value.usage;
        const letters = lettersOf(featuresOf(body));
        assert.ok(inputTokensMin(letters) <= input && input <= inputTokensMax(body), `${input} tokens`);
        const billed = costOf(model, { ...noUsage, input, output }, now)?.billed ?? Number.NaN;
        const [low, high] = [
          lowestCost({ model, letters, tokensMax: inputTokensMax(body) }, now),
          worstCost({ model, maxTokens, body }, now),
        ];
        const read = costOf(model, { ...noUsage, cacheRead: input, output }, now)?.billed ?? Number.NaN;
        const isLong = input >= (cacheTokensMin(model) ?? Infinity);
        assert.ok(low !== null && (!isLong || low <= read), `${read}, all read from the cache`);
        assert.ok(high !== null && low <= billed && billed <= high.none, `${billed}`);
      }),
    );
    machine.close();
  });

  it('S5: holds the bill of what is written to the cache for an hour, and of the prime before it', () => {
    const machine = new SimulatorMachine({ store: createMemoryStore() });
    let [callers, written] = [0, 0];
    checkProperty(
      fc.property(request, ({ system, content, maxTokens }) => {
        const body = JSON.stringify({
          model,
          max_tokens: maxTokens,
          system: [{ type: 'text', text: `${system}.` }],
          messages: [{ role: 'user', content: `${content}.` }],
        });
        const [position] = promptBlocks(body).positions;
        const mark = { depth: 1, hash: position?.hash ?? '', ttl: '1h', prime: true } as const;
        const marked = markRequest(body, { use: 'marked', marks: [mark] });
        const prime = primeRequest(body, mark) ?? assert.fail();
        const billOf = (text: string) => {
          // Of a workspace of its own, so that nothing is there to be read.
          const caller = { workspace: `w${callers++}`, now, version, params: JSON.parse(text) } as const;
          const reply = machine.createMessage(caller);
          assert.ok(reply.status === 'done', JSON.stringify(reply));
          const { usage } = reply.value;
          const [input, output] = [usage.input_tokens, usage.output_tokens];
          const cacheWrite1h = usage.cache_creation?.ephemeral_1h_input_tokens ?? 0;
          written += cacheWrite1h;
          return { ...noUsage, input, output, cacheWrite1h };
        };
        const tokensMax = inputTokensMax(body);
        const high = worstCost({ model, maxTokens, body }, now)?.['1h'] ?? Number.NaN;
        const billed = costOf(model, billOf(marked), now)?.billed ?? Number.NaN;
        assert.ok(billed <= high, `${billed} of at most ${high}`);
        const primed = callCostOf(model, billOf(prime), now) ?? Number.NaN;
        const primeMax = primeCostMax({ model, body, tokensMax }, now) ?? Number.NaN;
        assert.ok(primed <= primeMax, `${primed} of at most ${primeMax}, for a prime`);
        assert.ok((worstPrimeCost(prime, '1h', now) ?? Number.NaN) <= primeMax);
        const { tokens } = promptBlocks(body);
        assert.ok(mayBeMarked(model, Buffer.byteLength(body)) || tokens < (cacheTokensMin(model) ?? Infinity));
      }),
    );
    assert.ok(written > 0, 'no request was long enough');
    machine.close();
  });
});
