import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { before, describe, it } from 'node:test';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { planTopics } from '#adapters/kafka/topic-plan.ts';
import { deadLetterAliases, headerNames, intakeHeaders } from '#core/headers.ts';
import { type Topic, topics } from '#ports/log.ts';
import { errored } from '#test/support/scripted-provider.ts';
import { TestFleet, taskLine } from '#test/support/test-fleet.ts';
import { asyncApiPath } from './asyncapi-document.ts';
import { filesBelow, readText, repositoryRoot } from './source-files.ts';

interface Channel {
  address: string;
  messages: Record<string, { $ref: string }>;
  bindings: { kafka: { partitions: number } };
}

interface Message {
  headers?: { $ref: string };
  payload: { $ref?: string };
}

interface AsyncApi {
  channels: Record<string, Channel>;
  operations: Record<string, { action: string; channel: { $ref: string }; messages: { $ref: string }[] }>;
  components: { messages: Record<string, Message> };
}

const api = parse(readText(asyncApiPath)) as AsyncApi;
const ajv = new Ajv({ strict: true, allowUnionTypes: true });

const fileOf = (reference: string): string => posix.join('infra', reference);

/** Every `$ref` below a value. */
function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, each]) =>
    name === '$ref' && typeof each === 'string' ? [each] : references(each),
  );
}

function messageOf(topic: Topic): Message {
  const [reference] = Object.values((api.channels[topic] as Channel).messages);
  return api.components.messages[reference?.$ref.split('/').at(-1) as string] as Message;
}

const schemaOf = (part: { $ref?: string } | undefined): object | null =>
  part?.$ref === undefined ? null : (JSON.parse(readText(fileOf(part.$ref))) as object);

describe(asyncApiPath, () => {
  it('has every topic by its name, and no other', () => {
    assert.deepEqual(Object.keys(api.channels), [...topics]);
    const addresses = Object.values(api.channels).map(({ address }) => address.replace('{prefix}', 'flotilla'));
    assert.deepEqual(
      addresses,
      planTopics({ topicPrefix: 'flotilla' }).map(({ name }) => name),
    );
    const used = Object.values(api.operations).map(({ channel }) => channel.$ref);
    assert.deepEqual(
      used,
      topics.map(topic => `#/channels/${topic}`),
      'each is used by one operation',
    );
  });

  it('leads nowhere but to what there is', () => {
    for (const reference of references(api)) {
      if (!reference.startsWith('#/')) {
        assert.ok(existsSync(join(repositoryRoot, fileOf(reference))), reference);
        continue;
      }
      let found: unknown = api;
      for (const part of reference.slice(2).split('/')) found = (found as Record<string, unknown>)[part];
      assert.ok(found, reference);
    }
  });

  it('uses every schema of infra/schemas', () => {
    const used = references(api).filter(reference => !reference.startsWith('#/'));
    assert.deepEqual(used.map(fileOf).sort(), filesBelow('infra/schemas'));
  });

  it('has every header of the code, but for those that nobody outside may set, and no other', () => {
    const named = Object.values(api.components.messages).flatMap(({ headers }) =>
      Object.keys((schemaOf(headers) as { properties?: object } | null)?.properties ?? {}),
    );
    const internal = new Set<string>([...intakeHeaders, headerNames.unreadable]);
    internal.delete(headerNames.original);
    const inCode = [...Object.values(headerNames), ...Object.keys(deadLetterAliases)];
    assert.deepEqual([...new Set(named)].sort(), inCode.filter(name => !internal.has(name)).sort());
  });
});

describe('what a fleet really writes', () => {
  let fleet: TestFleet;
  before(async () => {
    fleet = new TestFleet({ lane: { itemsMax: 2 } });
    const worker = await fleet.worker();
    const echoed = {
      [headerNames.traceparent]: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      [headerNames.eventId]: '17',
      [headerNames.tenant]: 'acme',
    };
    const headers = { ...echoed, [headerNames.idempotencyKey]: 'k', [headerNames.run]: 'r', [headerNames.line]: '1' };
    await fleet.enqueue(2, { headers, value: taskLine('twice') });
    await fleet.enqueue(2);
    await fleet.enqueue(1, { value: '{"broken' });
    await fleet.settleDown(worker, { areEnding: false, forMs: 60_000 });
    const [batch] = fleet.provider.batches;
    assert.ok(batch);
    batch.lines[0] = errored(batch.customIds[0] as string);
    await fleet.settleDown(worker);
    assert.equal(fleet.results().length, 5);
  });

  for (const topic of topics) {
    it(`fits the schemas of ${topic}`, () => {
      const { payload, headers } = messageOf(topic);
      const [value, head] = [schemaOf(payload), schemaOf(headers)].map(schema => schema && ajv.compile(schema));
      const partitions = topic === 'settled' ? [0, 1] : [0];
      const records = partitions.flatMap(partition => fleet.cluster.committed(topic, partition));
      assert.ok(records.length > 0);
      for (const record of records) {
        const text = Buffer.from(record.value).toString();
        if (text.startsWith('{"broken') && topic === 'documents') continue;
        if (value) assert.ok(value(JSON.parse(text)), `${text}\n${ajv.errorsText(value.errors)}`);
        if (head) assert.ok(head({ ...record.headers }), ajv.errorsText(head.errors));
      }
    });
  }

  it('and the examples fit too', () => {
    const examples = (messageOf('documents') as unknown as { examples: { headers: object; payload: object }[] })
      .examples;
    const { payload, headers } = messageOf('documents');
    for (const example of examples) {
      assert.ok(ajv.validate(schemaOf(payload) as object, example.payload), ajv.errorsText());
      assert.ok(ajv.validate(schemaOf(headers) as object, example.headers), ajv.errorsText());
    }
  });
});
