import type { ProtocolRequest } from './kafkajs-types.ts';

/** Numbers of Kafka's requests that are written here; the others are kafkajs's own. */
export const apiKeys = { produce: 0, fetch: 1, offsetFetch: 9, describeProducers: 61 } as const;

/** A request in the form that kafkajs sends. */
export function protocolRequest<Reply>({
  api,
  version,
  body,
  timeoutMs,
  decode,
}: {
  api: keyof typeof apiKeys;
  version: number;
  body: Buffer;
  timeoutMs?: number;
  decode: (raw: Buffer) => Reply;
}): ProtocolRequest<Reply> {
  return {
    request: {
      apiKey: apiKeys[api],
      apiVersion: version,
      apiName: api === 'fetch' ? 'Fetch' : api,
      encode: async () => ({ buf: body, buffer: body }),
    },
    response: { decode: async raw => decode(raw), parse: async reply => reply },
    logResponseError: false,
    ...(timeoutMs === undefined ? {} : { requestTimeout: timeoutMs }),
  };
}
