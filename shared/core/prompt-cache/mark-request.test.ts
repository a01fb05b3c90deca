import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { planPrompt } from '#services/simulator/machine/plan-prompt.ts';
import { validateParams } from '#services/simulator/machine/validate-params.ts';
import { checkProperty } from '#test/support/check-property.ts';
import { requests } from '#test/support/request-arbitrary.ts';
import type { CacheMark, CachePlan, CachePlanUse } from './cache-plan.ts';
import { markRequest } from './mark-request.ts';
import { promptBlocks } from './prompt-blocks.ts';
import { TextHeads } from './text-heads.ts';

const markersIn = (body: string): number => body.split('"cache_control":').length - 1;

/** Marks at the given positions of a request, an hour before five minutes. */
function marksAt(body: string, depths: readonly number[], longCount: number): CacheMark[] {
  const { positions } = promptBlocks(body);
  const chosen = [...new Set(depths.map(depth => depth % Math.max(1, positions.length)))].sort((a, b) => a - b);
  return chosen.flatMap((depth, index) => {
    const position = positions[depth];
    return position
      ? [{ depth: depth + 1, hash: position.hash, ttl: index < longCount ? '1h' : '5m', prime: false }]
      : [];
  });
}

const planned = (use: CachePlanUse, marks: CacheMark[]): CachePlan => ({ use, marks });

const depths = fc.array(fc.nat(20), { maxLength: 4 });

describe('markRequest', () => {
  it('is the very same text without a plan that sends marks', () => {
    const uses = fc.constantFrom<CachePlanUse | null>(null, 'held-back', 'shadow');
    checkProperty(
      fc.property(requests, uses, depths, (request, use, at) => {
        const body = JSON.stringify(request);
        assert.equal(markRequest(body, use && planned(use, marksAt(body, at, 2))), body);
        assert.equal(markRequest(body, undefined), body);
      }),
      { runs: 10_000 },
    );
  });

  it('puts in markers and changes nothing else that is cached or billed', () => {
    checkProperty(
      fc.property(requests, depths, fc.nat(4), (request, at, longCount) => {
        const body = JSON.stringify(request);
        const marks = marksAt(body, at, longCount);
        const marked = markRequest(body, planned('marked', marks));
        const blocks = promptBlocks(body);
        const may = blocks.hasOwnMarkers ? [] : marks.filter(({ depth }) => blocks.positions[depth - 1]?.canMark);
        if (may.length === 0) return assert.equal(marked, body);
        assert.equal(markersIn(marked), markersIn(body) + may.length);
        assert.deepEqual(promptBlocks(marked).positions, blocks.positions);
        const valid = validateParams({ params: JSON.parse(marked), version: '2023-06-01', isBatch: true });
        assert.equal(valid.status, 'valid', JSON.stringify(valid));
        const { inputTokens, breakpoints } = planPrompt(JSON.parse(marked));
        assert.equal(inputTokens, planPrompt(JSON.parse(body)).inputTokens);
        assert.deepEqual(
          breakpoints.map(({ ttl }) => ttl),
          may.map(({ ttl }) => ttl),
        );
      }),
      { runs: 3_000 },
    );
  });

  it('is the same text whatever else was marked before', () => {
    const heads = new TextHeads();
    checkProperty(
      fc.property(requests, depths, (request, at) => {
        const body = JSON.stringify(request);
        const plan = planned('marked', marksAt(body, at, 1));
        assert.equal(markRequest(body, plan, heads), markRequest(body, plan));
      }),
      { runs: 2_000 },
    );
  });

  it('marks what a lane has in common once, and to the same text', () => {
    const texts = ['plain', '"messages":[', '],"system":"x"', 'messages\u0000stand here', '\u2028 \ud800 \\u0041'];
    for (const system of texts) {
      const heads = new TextHeads();
      for (const text of [...texts, ...texts]) {
        for (const body of [
          JSON.stringify({
            model: 'm',
            tools: [{ name: 't' }],
            system,
            messages: [{ role: 'user', content: text }],
            n: 1,
          }),
          `{"model":"m","system":${JSON.stringify(system)},"messages":[ {"role":"user","content":${JSON.stringify(text)}} ]}`,
        ]) {
          const plan = planned('marked', marksAt(body, [0, 1], 1));
          assert.equal(markRequest(body, plan, heads), markRequest(body, plan));
        }
      }
    }
  });

  it('is not led astray by a second list of messages', () => {
    const heads = new TextHeads();
    for (const text of ['a', 'b']) {
      const body = `{"model":"m","system":"s","messages":[{"role":"user","content":"${text}"}],"messages":[]}`;
      const plan = planned('marked', marksAt(body, [0], 1));
      assert.equal(markRequest(body, plan, heads), markRequest(body, plan));
    }
  });

  it('leaves an item alone whose blocks are not those of the plan', () => {
    const body = (text: string) =>
      JSON.stringify({ model: 'm', system: text, messages: [{ role: 'user', content: 'x' }] });
    const plan = planned('marked', marksAt(body('a'), [0], 0));
    assert.equal(markRequest(body('b'), plan), body('b'));
    assert.match(
      markRequest(body('a'), plan),
      /"system":\[\{"type":"text","text":"a","cache_control":\{"type":"ephemeral","ttl":"5m"\}\}\]/,
    );
    assert.match(markRequest(body('a'), plan), /"content":"x"/);
  });
});
