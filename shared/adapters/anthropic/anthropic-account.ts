import { hash } from 'node:crypto';
import { Anthropic } from '@anthropic-ai/sdk';
import { FlotillaError } from '#errors/flotilla-error.ts';
import { EndedBatches } from './ended-batches.ts';

/** Base URL of the SDK, said aloud: without it the SDK would read the environment, which is the configuration's job. */
const BASE_URL_DEFAULT = 'https://api.anthropic.com';

/** Protocol §7, `T_http`: 30 s and 1 s for each megabyte of the body. */
const CREATE_TIMEOUT_MS = 30_000;
const CREATE_TIMEOUT_PER_MEGABYTE_MS = 1_000;

/** A whole read, retries and their waits included: a `retry-after` of an hour must not hold a look for an hour. */
const READ_TIMEOUT_MS = 60_000;

/** A result line may have 16 MiB (error code `result-too-large`). */
const RESULT_LINE_BYTES_MAX = 16 * 1024 * 1024;

export interface AnthropicProviderOptions {
  apiKey: string;
  /** Where it comes from, for errors; `ANTHROPIC_API_KEY` when absent. */
  keyVariable?: string;
  /** Defaults to the real API. A path is kept, a trailing slash is not. */
  baseUrl?: string;
  fetch?: typeof globalThis.fetch;
  /** `T_http` without its share for size, in ms; 2,000 against a simulator (protocol §7). */
  createTimeoutMs?: number;
  /** What `T_http` grows by for each megabyte of the body, in ms. */
  createTimeoutPerMegabyteMs?: number;
  /** Longest time of one read with its retries, and longest silence inside a result stream, in ms. */
  readTimeoutMs?: number;
  resultLineBytesMax?: number;
}

/** One key at one base URL, and the client that speaks for it. Never handed out: it holds the key. */
export interface AnthropicAccount {
  client: Anthropic;
  baseUrl: string;
  apiKey: string;
  /** Where the key comes from. */
  keyVariable: string;
  /** The owner where the server shows none (protocol §5.2). */
  ownerWhenUnshown: string;
  createTimeoutMs: number;
  createTimeoutPerMegabyteMs: number;
  readTimeoutMs: number;
  resultLineBytesMax: number;
  ended: EndedBatches;
}

/** @throws FlotillaError invalid-config; what it says never contains the key */
export function openAnthropicAccount(options: AnthropicProviderOptions): AnthropicAccount {
  const baseUrl = normalizeBaseUrl(options.baseUrl ?? BASE_URL_DEFAULT);
  const { apiKey, keyVariable = 'ANTHROPIC_API_KEY' } = options;
  assertSendable(apiKey, keyVariable);
  return {
    client: openClient({ apiKey, baseUrl, fetch: options.fetch }),
    baseUrl,
    apiKey,
    keyVariable,
    ownerWhenUnshown: `unshown:${hash('sha256', `${baseUrl}\n${apiKey}`, 'hex')}`,
    createTimeoutMs: options.createTimeoutMs ?? CREATE_TIMEOUT_MS,
    createTimeoutPerMegabyteMs: options.createTimeoutPerMegabyteMs ?? CREATE_TIMEOUT_PER_MEGABYTE_MS,
    readTimeoutMs: options.readTimeoutMs ?? READ_TIMEOUT_MS,
    resultLineBytesMax: options.resultLineBytesMax ?? RESULT_LINE_BYTES_MAX,
    ended: new EndedBatches(),
  };
}

function openClient(options: { apiKey: string; baseUrl: string; fetch: typeof globalThis.fetch | undefined }) {
  return new Anthropic({
    apiKey: options.apiKey,
    baseURL: options.baseUrl,
    // Each left undefined would be looked up in the environment by the SDK.
    webhookKey: null,
    logLevel: 'off',
    openTelemetry: false,
    // No call repeats itself unless it says so: a forgotten option must not become a second purchase.
    maxRetries: 0,
    // The key goes to this host alone: fetch would take its header along to wherever a reply points.
    fetchOptions: { redirect: 'error' },
    ...(options.fetch && { fetch: options.fetch }),
  });
}

/** Two spellings of one server must not become two owners. */
function normalizeBaseUrl(baseUrl: string): string {
  const url = URL.parse(baseUrl);
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash) {
    throw new FlotillaError('invalid-config', {
      where: 'base URL of the anthropic account',
      why: 'the base URL must be http(s)://host[:port][/path], without credentials or query',
      fix: 'correct ANTHROPIC_BASE_URL',
    });
  }
  return url.href.replace(/\/+$/, '');
}

/** The platform's own complaint about such a header would quote the key. */
function assertSendable(apiKey: string, keyVariable: string): void {
  if (/^[\x21-\x7e]+$/.test(apiKey)) return;
  throw new FlotillaError('invalid-config', {
    where: 'key of the anthropic account',
    why: apiKey === '' ? 'the key is empty' : 'the key contains spaces, line breaks or characters outside ASCII',
    fix: `correct ${keyVariable}`,
  });
}
