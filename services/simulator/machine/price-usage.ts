import type { SimulatedModel } from './models.ts';

/** Tokens as billed. Total input = input + cacheRead + cacheWrite5m + cacheWrite1h. */
export interface SimulatedUsage {
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite5m: number;
  cacheWrite1h: number;
}

export interface PriceOptions {
  model: SimulatedModel;
  usage: SimulatedUsage;
  isBatch: boolean;
  /** `inference_geo: "us"` costs 1.1 times as much. */
  isUsOnly: boolean;
}

/** Hundredths of the list price, and tenths of those: factors that are whole, so a price is too. */
const hundredths = { batch: 50, single: 100 };
const tenths = { us: 11, anywhere: 10 };

/** What one item costs, in picodollars (1e-12 $): a whole number, never rounded. */
export function priceUsage({ model, usage, isBatch, isUsOnly }: PriceOptions): number {
  const prompt = usage.input + usage.cacheRead + usage.cacheWrite5m + usage.cacheWrite1h;
  const prices = prompt >= model.longPromptTokens ? model.longPrices : model.prices;
  const list =
    usage.input * prices.input +
    usage.output * prices.output +
    usage.cacheRead * prices.cacheRead +
    usage.cacheWrite5m * prices.cacheWrite5m +
    usage.cacheWrite1h * prices.cacheWrite1h;
  return list * (isBatch ? hundredths.batch : hundredths.single) * (isUsOnly ? tenths.us : tenths.anywhere);
}
