import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { type ConfigInput, configSchema, defineConfig } from './config.ts';

const closed = { type: 'object', properties: {}, additionalProperties: false };

function problems(config: unknown): string[] {
  const parsed = configSchema.safeParse(config);
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

const twin = { scope: 'tenant:acme', period: 'month', limit: '$20' } as const;

const outputOf = (output: unknown): unknown =>
  configSchema.parse({ version: 1, tasks: { a: { model: 'm', output } } }).tasks.a?.output;

describe('configuration schema', () => {
  it('fills in every default', () => {
    const config = configSchema.parse(defineConfig({ version: 1, tasks: { a: { model: 'm', lane: { items: 7 } } } }));
    assert.deepEqual(config.providers.anthropic, {
      account: 'anthropic',
      apiKeyIds: [],
      createsAtOnce: 4,
      openBatchesMax: 1_000,
      timeScale: 1,
    });
    assert.deepEqual(config.tasks.a, {
      provider: 'anthropic',
      model: 'm',
      maxTokens: 1_024,
      canary: false,
      lane: { items: 7, ageMs: 30_000, bytes: 33_554_432, tokens: 20_000_000 },
      answers: { cache: false, ttlMs: 86_400_000, entriesMax: 10_000 },
      retry: { delaysMs: [10_000, 30_000, 90_000], jitter: 0.2 },
      cache: {},
    });
    assert.deepEqual(config.cache, { mode: 'off', holdBack: 0.02, primesPerHour: 60 });
    assert.deepEqual(
      [config.state, config.http, config.log],
      ['.flotilla', { host: '127.0.0.1', port: 7_070 }, { level: 'info' }],
    );
  });

  it('refuses what is out of bounds, and never repeats a value', () => {
    const odd: [ConfigInput | object, RegExp][] = [
      [{ version: 2 }, /version: must be 1/],
      [{ version: 1, tasks: { a: { model: 'm', lane: { items: 1_001 } } } }, /tasks.a.lane.items/],
      [{ version: 1, tasks: { a: { model: 'm', retry: { delaysMs: [1, 2, 3, 4] } } } }, /retry.delaysMs/],
      [{ version: 1, tasks: { '../a': { model: 'm' } } }, /tasks/],
      [{ version: 1, caps: [{ scope: 'fleet', period: 'day', limit: '20 EUR' }] }, /caps.0.limit: must be dollars/],
      [{ version: 1, caps: [{ scope: 'task:../a', period: 'day', limit: '1' }] }, /caps.0.scope: must be fleet/],
      [{ version: 1, caps: [twin, twin] }, /caps: has two limits/],
      [{ version: 1, cache: { mode: 'auto' } }, /cache.mode/],
      [{ version: 1, tasks: { a: { model: 'm', cache: { holdBack: 2 } } } }, /tasks.a.cache.holdBack/],
      [{ version: 1, simulator: { latencyMinMs: 9, latencyMaxMs: 8 } }, /simulator.latencyMaxMs: must be at least/],
      [{ version: 1, providers: { anthropic: { baseUrl: 'https://me:secret@host' } } }, /baseUrl: must be http/],
      [{ version: 1, providers: { anthropic: { apiKey: ['secret'] } } }, /apiKey/],
    ];
    for (const [config, expected] of odd) {
      const [first = ''] = problems(config);
      assert.match(first, expected);
      assert.doesNotMatch(first, /secret/);
    }
  });

  it('takes a JSON Schema as it is, and a zod schema as the JSON Schema it means', () => {
    assert.deepEqual(outputOf(closed), closed);
    assert.deepEqual(outputOf(z.object({ kind: z.enum(['a', 'b']) })), {
      type: 'object',
      properties: { kind: { type: 'string', enum: ['a', 'b'] } },
      required: ['kind'],
      additionalProperties: false,
    });
  });

  it('refuses schemas that the provider would refuse with every document', () => {
    const inside = { ...closed, properties: { list: { type: 'array', items: { type: 'object' } } } };
    const task = (output: unknown) => ({ version: 1, tasks: { a: { model: 'm', output } } });
    assert.match(problems(task({ type: 'object' }))[0] ?? '', /the outermost has not/);
    assert.match(problems(task(inside))[0] ?? '', /list.items has not/);
    assert.match(problems(task(z.object({ at: z.date() })))[0] ?? '', /no JSON Schema/);
    assert.match(problems(task('object'))[0] ?? '', /must be a JSON Schema/);
  });

  it('describes every setting', () => {
    const undescribed: string[] = [];
    const visit = (
      node: { properties?: object; additionalProperties?: unknown; description?: string },
      path: string,
    ): void => {
      if (path !== '' && !node.description && path.split('.').at(-1) !== '*') undescribed.push(path);
      for (const [name, child] of Object.entries(node.properties ?? {}))
        visit(child, path === '' ? name : `${path}.${name}`);
      const { additionalProperties: any } = node;
      if (any !== null && typeof any === 'object' && 'properties' in any) visit(any as object, `${path}.*`);
    };
    visit(z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as object, '');
    assert.deepEqual(undescribed, []);
  });
});
