import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { parseCustomId } from '#core/custom-id.ts';
import type { CacheMode } from '#core/prompt-cache/cache-plan.ts';
import { requests as anyRequest } from '#test/support/request-arbitrary.ts';
import { drain, TestFleet } from '#test/support/test-fleet.ts';

const requests = 10_000;
const perBatch = 500;
const prefix = 'Read what follows with care, and say what it is about. '.repeat(50);

/** Requests of every shape; each fourth shares a prefix that is worth a marker. */
function drawParams(): string[] {
  const drawn = fc.sample(anyRequest, { numRuns: requests, seed: 11 });
  const shared = { model: 'claude-haiku-5-5', system: prefix, tools: [] };
  return drawn.map((params, index) => JSON.stringify(index % 4 === 0 ? { ...params, ...shared } : params));
}

/** The bodies that went to the provider, and every byte of the journal. */
async function send(
  lines: readonly string[],
  mode: CacheMode | null,
): Promise<{ bodies: string[]; journal: string[] }> {
  const cache = mode === null ? {} : { cache: { mode, holdBack: 0 } };
  const fleet = new TestFleet({ lane: { itemsMax: perBatch }, ...cache });
  const worker = await fleet.worker();
  for (let from = 0; from < lines.length; from += perBatch) {
    for (const [index, params] of lines.slice(from, from + perBatch).entries()) {
      await fleet.enqueue(1, { value: `{"custom_id":"d-${from + index}","params":${params}}` });
    }
    await worker.accumulator.runOnce();
    await drain(() => worker.submitter.runOnce({ waitMs: 0 }));
  }
  await fleet.clock.advance(31_000); // siblings that still wait for each other
  await worker.accumulator.runOnce();
  await drain(() => worker.submitter.runOnce({ waitMs: 0 }));
  const bodies: string[] = [];
  for (const { customId, body } of fleet.provider.posts.flatMap(({ items }) => items)) {
    bodies[parseCustomId(customId)?.offset ?? -1] = body;
  }
  const journal = fleet.cluster.committed('journal', 0).map(({ value }) => Buffer.from(value).toString());
  return { bodies, journal };
}

describe('Accumulator: cache modes', () => {
  let lines: string[] = [];
  let plain: Awaited<ReturnType<typeof send>>;

  before(async () => {
    lines = drawParams();
    plain = await send(lines, null);
  });

  it(`without a planner ${requests} requests go out as they came`, () => {
    assert.equal(plain.bodies.length, requests);
    assert.deepEqual(plain.bodies, lines);
  });

  it('off: the bytes on the wire and in the journal are those without a planner', async () => {
    assert.deepEqual(await send(lines, 'off'), plain);
  });

  it('shadow: the bytes on the wire are the same, and only SEALED says what would have been done', async () => {
    const { bodies, journal } = await send(lines, 'shadow');
    assert.deepEqual(bodies, plain.bodies);
    assert.ok(journal.some(text => text.includes('"use":"shadow"')));
    const without = journal.map(text => text.replace(/,"plan":\{"use":"shadow".*\}(?=\}$)/, ''));
    assert.deepEqual(without, plain.journal);
  });

  it('on: what changes are markers, and nothing else', async () => {
    const { bodies } = await send(lines, 'on');
    const changed = bodies.filter((body, index) => body !== lines[index]);
    assert.ok(changed.length > 1_000);
    for (const [index, body] of bodies.entries()) {
      const without = body.replaceAll(/,"cache_control":\{"type":"ephemeral","ttl":"(?:5m|1h)"\}/g, '');
      if (body === lines[index]) continue;
      assert.deepEqual(inBlocks(JSON.parse(without)), inBlocks(JSON.parse(lines[index] ?? '')));
    }
  });
});

/** A text that stands for a list of blocks, as that list: a marker needs one. */
function inBlocks(params: { system: unknown; messages: { content: unknown }[] }): unknown {
  const listed = (content: unknown): unknown =>
    typeof content === 'string' ? [{ type: 'text', text: content }] : content;
  const messages = params.messages.map(message => ({ ...message, content: listed(message.content) }));
  return { ...params, system: listed(params.system), messages };
}
