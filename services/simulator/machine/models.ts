/** What the simulator knows of a model. Source: the provider's pages on models, prices and prompt caching, read 2026-08 to 2026-11. */
export interface SimulatedModel {
  id: string;
  /** The shortest prefix that is cached, in tokens. */
  cacheTokensMin: number;
  /** From this many prompt tokens on (cached ones included) `longPrices` hold. */
  longPromptTokens: number;
  prices: ModelPrices;
  longPrices: ModelPrices;
  /** Thinking cannot be switched off and a forced tool choice is an error. */
  refusesForcedTool: boolean;
}

/** List prices in nanodollars (1e-9 $) per token: 1 $ per million tokens is 1,000. Batches pay half of every column. */
export interface ModelPrices {
  input: number;
  output: number;
  cacheWrite5m: number;
  cacheWrite1h: number;
  cacheRead: number;
}

const prices = (input: number, output: number, write5m: number, write1h: number, read: number): ModelPrices => ({
  input,
  output,
  cacheWrite5m: write5m,
  cacheWrite1h: write1h,
  cacheRead: read,
});

const opus = prices(5_000, 25_000, 6_250, 10_000, 500);
const sonnet4 = prices(3_000, 15_000, 3_750, 6_000, 300);
const fable5 = prices(10_000, 50_000, 12_500, 20_000, 1_000);
const fable51 = prices(10_000, 50_000, 12_500, 20_000, 250);
const fable52 = prices(8_000, 40_000, 10_000, 16_000, 200);

const rows: readonly [id: string, cacheTokensMin: number, prices: ModelPrices][] = [
  ['claude-opus-5-5', 512, prices(4_000, 20_000, 5_000, 8_000, 200)],
  ['claude-opus-5', 512, opus],
  ['claude-opus-4-8', 1_024, opus],
  ['claude-opus-4-7', 2_048, opus],
  ['claude-opus-4-6', 4_096, opus],
  ['claude-opus-4-5', 4_096, opus],
  ['claude-sonnet-5-5', 512, prices(2_000, 10_000, 2_500, 4_000, 100)],
  ['claude-sonnet-5', 1_024, prices(2_000, 10_000, 2_500, 4_000, 200)],
  ['claude-sonnet-4-6', 1_024, sonnet4],
  ['claude-sonnet-4-5', 1_024, sonnet4],
  ['claude-haiku-5-5', 512, prices(100, 500, 125, 200, 10)],
  ['claude-haiku-4-5', 4_096, prices(1_000, 5_000, 1_250, 2_000, 100)],
  ['claude-fable-5-2', 512, fable52],
  ['claude-fable-5-1', 512, fable51],
  ['claude-fable-5', 512, fable5],
  ['claude-mythos-5-2', 512, fable52],
  ['claude-mythos-5-1', 512, fable51],
  ['claude-mythos-5', 512, fable5],
];

const longPrices = new Map([['claude-haiku-5-5', prices(500, 2_500, 625, 1_000, 50)]]);
const refusesForcedTool = new Set(['claude-opus-5-5', 'claude-sonnet-5-5', 'claude-fable-5-1']);

export const simulatedModels: ReadonlyMap<string, SimulatedModel> = new Map(
  rows.map(([id, cacheTokensMin, base]) => [
    id,
    {
      id,
      cacheTokensMin,
      longPromptTokens: longPrices.has(id) ? 100_001 : Number.POSITIVE_INFINITY,
      prices: base,
      longPrices: longPrices.get(id) ?? base,
      refusesForcedTool: refusesForcedTool.has(id),
    },
  ]),
);

/** Finds a model by its id, with or without a date behind it (`claude-haiku-4-5-20251001`). */
export function findModel(id: string): SimulatedModel | undefined {
  return simulatedModels.get(id) ?? simulatedModels.get(id.replace(/-\d{8}$/, ''));
}
