import { createAnthropicProvider } from '#adapters/anthropic/create-anthropic-provider.ts';
import {
  type BatchProviderControls,
  type BatchProviderHarness,
  type CreateFault,
  describeBatchProvider,
  type ItemEnding,
  type ResultFault,
} from './batch-provider.ts';
import {
  erroredLine,
  type LocalAnthropic,
  type Script,
  sendError,
  startLocalAnthropic,
  succeededLine,
} from './batch-provider-local-anthropic.ts';

describeBatchProvider('anthropic, against a local server', async (): Promise<BatchProviderHarness> => {
  const local = await startLocalAnthropic();
  const provider = createAnthropicProvider({ apiKey: 'sk-ant-conformance', baseUrl: local.baseUrl });
  return { provider, controls: controlsOf(local), stop: local.stop };
});

function controlsOf(local: LocalAnthropic): BatchProviderControls {
  return {
    createCount: () => local.countOf('create'),
    createArrival: () => local.arrival('create'),
    receivedBody: (pid, customId) => local.batches.get(pid)!.items.find(item => item.customId === customId)!.params,
    failNextCreate: fault => local.script('create', createFaults[fault]),
    primeCount: () => local.countOf('message'),
    primeBody: () => String(local.calls.findLast(({ kind }) => kind === 'message')?.body),
    failNextPrime: fault => local.script('message', createFaults[fault]),
    failReads: fault => {
      local.readFault = fault && readFaults[fault];
    },
    endBatch: (pid, endings) =>
      local.end(
        pid,
        Object.entries(endings).map(([customId, ending]) => lineOf[ending](customId)),
      ),
    breakNextResults: fault =>
      local.script('results', ({ response, received }) => {
        const { resultLines } = local.batches.get(received.url.split('/')[4]!)!;
        resultFaults[fault](response, resultLines!);
      }),
    forgetBatch: pid => void local.batches.delete(pid),
  };
}

const createFaults: Readonly<Record<CreateFault, Script>> = {
  'accept-then-drop': ({ response, accept }) => {
    accept();
    response.destroy();
  },
  'accept-then-502': ({ response, accept }) => {
    accept();
    response.writeHead(502, { 'content-type': 'text/html' }).end('<html><h1>502 Bad Gateway</h1></html>');
  },
  hang: ({ accept }) => void accept(),
  'refuse-too-large': ({ response }) => void response.writeHead(413).end('<html>413 Payload Too Large</html>'),
  'refuse-account': ({ response }) => sendError(response, 402, { type: 'billing_error', message: 'Unpaid.' }),
  'refuse-rate-limit': ({ response }) => sendError(response, 429, { type: 'rate_limit_error', message: 'Queue full' }),
  'refuse-overloaded': ({ response }) => sendError(response, 529, { type: 'overloaded_error', message: 'Overloaded' }),
  'refuse-invalid': ({ response }) =>
    sendError(response, 400, { type: 'invalid_request_error', message: 'requests: Field required' }),
};

const readFaults: Readonly<Record<'auth' | 'unavailable', Script>> = {
  auth: ({ response }) => sendError(response, 401, { type: 'authentication_error', message: 'invalid bearer token' }),
  // The SDK repeats reads; told not to, the test need not wait for it.
  unavailable: ({ response }) =>
    void response.writeHead(502, { 'content-type': 'text/html', 'x-should-retry': 'false' }).end('<html>502</html>'),
};

const resultFaults: Readonly<
  Record<ResultFault, (response: Parameters<Script>[0]['response'], lines: string[]) => void>
> = {
  'drop-line': (response, lines) => void response.end(toJsonl(lines.slice(1))),
  'malformed-line': (response, [first = '', ...rest]) =>
    void response.end(toJsonl([`${first.slice(0, 40)}x`, ...rest])),
  'cut-mid-line': (response, lines) => void response.end(toJsonl(lines).slice(0, -100)),
  reset: (response, lines) =>
    void response.write(toJsonl(lines).slice(0, -100), () => {
      response.destroy();
    }),
};

const lineOf: Readonly<Record<ItemEnding, (customId: string) => string>> = {
  succeeded: customId => succeededLine(customId, { content: textOf(customId) }),
  'succeeded-refused': customId => succeededLine(customId, { content: [], stop_reason: 'refusal' }),
  'succeeded-truncated': customId => succeededLine(customId, { content: textOf(customId), stop_reason: 'max_tokens' }),
  'errored-document': customId =>
    erroredLine(customId, { type: 'invalid_request_error', message: 'temperature: Extra inputs are not permitted' }),
  'errored-transient': customId => erroredLine(customId, { type: 'api_error', message: 'Internal server error' }),
  'errored-account': customId =>
    erroredLine(customId, {
      type: 'invalid_request_error',
      message: 'Your credit balance is too low to access the Anthropic API.',
    }),
  expired: customId => JSON.stringify({ custom_id: customId, result: { type: 'expired' } }),
  canceled: customId => JSON.stringify({ custom_id: customId, result: { type: 'canceled' } }),
};

function textOf(customId: string): Record<string, string>[] {
  return [
    { type: 'text', text: 'answer ' },
    { type: 'text', text: `of ${customId}` },
  ];
}

function toJsonl(lines: readonly string[]): string {
  return lines.map(line => `${line}\n`).join('');
}
