import { addFeatures, type Features, featureNames, noFeatures } from './text-features.ts';

/**
 * How many tokens a request's features make: a weighted sum whose weights begin as a prior and are corrected by every count
 * that is seen. Bayesian linear regression: what no count has told about stays as uncertain as it was, so a file in a
 * script that was never bought has a wide range even after a thousand answers in English.
 */

/** Tokens for one of each feature, and how far off (one standard deviation, as a share) that may be. */
const prior: Readonly<Record<(typeof featureNames)[number], { tokens: number; share: number }>> = {
  words: { tokens: 1.2, share: 0.3 },
  letters: { tokens: 0.08, share: 1.2 },
  digits: { tokens: 0.57, share: 0.5 },
  spaces: { tokens: 0.12, share: 1 },
  marks: { tokens: 0.48, share: 0.5 },
  latin: { tokens: 1, share: 0.6 },
  cjk: { tokens: 1.08, share: 0.4 },
  others: { tokens: 0.95, share: 0.5 },
  messages: { tokens: 4, share: 1 },
  tools: { tokens: 350, share: 0.6 },
  toolBytes: { tokens: 0.3, share: 0.5 },
  schemaBytes: { tokens: 0.15, share: 0.7 },
  media: { tokens: 1_600, share: 0.6 },
};

/** Where the prior's weights come from, for people. */
export const priorOrigin =
  'calibrated on READMEs, JSON, code and 30 languages with the only tokenizer its provider has published (2023)';

const size = featureNames.length;
const priorTokens = featureNames.map(name => prior[name].tokens);
const priorPrecisions = featureNames.map(name => 1 / (prior[name].tokens * prior[name].share) ** 2);

/** Variance of a request's tokens, per token that is expected: two requests with equal features differ. */
const priorNoise = 10;
/** So many counts weigh as much as `priorNoise` does. */
const priorNoiseCounts = 5;

/** Sums over counts, in whatever order they came: all that is kept of them. */
export interface TokenSums {
  counts: number;
  /** Row by row; each count weighs the less the more tokens it has. */
  xx: readonly number[];
  xy: Features;
  yy: number;
}

export const noTokenSums: TokenSums = {
  counts: 0,
  xx: Array.from({ length: size * size }, () => 0),
  xy: noFeatures,
  yy: 0,
};

/** One request whose tokens somebody counted. */
export interface TokenCount {
  features: Features;
  tokens: number;
}

export function sumCounts(sums: TokenSums, counts: Iterable<TokenCount>): TokenSums {
  const xx = [...sums.xx];
  const xy = [...sums.xy];
  let { counts: seen, yy } = sums;
  for (const { features, tokens } of counts) {
    const weight = 1 / Math.max(1, dot(features, priorTokens));
    for (const [row, feature] of features.entries()) {
      if (feature === 0) continue;
      xy[row] = (xy[row] as number) + weight * feature * tokens;
      for (const [column, other] of features.entries()) {
        xx[row * size + column] = (xx[row * size + column] as number) + weight * feature * other;
      }
    }
    yy += weight * tokens * tokens;
    seen += 1;
  }
  return { counts: seen, xx, xy, yy };
}

export interface TokenModel {
  /** Requests that it was corrected by. */
  counts: number;
  /** @param features summed over requests; @returns tokens, and the standard deviation of that sum */
  tokensOf(features: Features): { expected: number; deviation: number };
}

/** What the sums say together with the prior. */
export function tokenModel(sums: TokenSums): TokenModel {
  let noise = priorNoise;
  let fit = fitWith(sums, noise);
  // The noise is not known beforehand, and a second look at it is enough.
  for (let round = 0; round < 2; round++) {
    noise = noiseOf(sums, fit.weights);
    fit = fitWith(sums, noise);
  }
  const { weights, covariance } = fit;
  return {
    counts: sums.counts,
    tokensOf: features => {
      const expected = Math.max(0, dot(features, weights));
      const variance = quadratic(features, covariance) + noise * Math.max(1, dot(features, priorTokens));
      return { expected, deviation: Math.sqrt(Math.max(0, variance)) };
    },
  };
}

export const addTokenSums = (a: TokenSums, b: TokenSums): TokenSums => ({
  counts: a.counts + b.counts,
  xx: a.xx.map((value, index) => value + (b.xx[index] ?? 0)),
  xy: addFeatures(a.xy, b.xy),
  yy: a.yy + b.yy,
});

function fitWith({ xx, xy }: TokenSums, noise: number): { weights: number[]; covariance: number[] } {
  const precision = xx.map((value, index) => {
    const row = Math.floor(index / size);
    return value / noise + (row === index % size ? (priorPrecisions[row] as number) : 0);
  });
  const covariance = inverse(precision);
  const target = xy.map(
    (value, row) => value / noise + (priorPrecisions[row] as number) * (priorTokens[row] as number),
  );
  const weights = target.map((_, row) => dot(covariance.slice(row * size, (row + 1) * size), target));
  return { weights, covariance };
}

/** Mean square of what the weights leave unexplained, held up by the prior while there are few counts. */
function noiseOf({ counts, xx, xy, yy }: TokenSums, weights: readonly number[]): number {
  const left = Math.max(0, yy - 2 * dot(xy, weights) + quadratic(weights, xx));
  return Math.max(1e-3, (left + priorNoise * priorNoiseCounts) / (counts + priorNoiseCounts));
}

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);

const quadratic = (x: readonly number[], matrix: readonly number[]): number =>
  x.reduce((sum, value, row) => sum + value * dot(x, matrix.slice(row * size, (row + 1) * size)), 0);

/** Of a symmetric positive definite matrix, which a precision with a prior always is: Gauss and Jordan, scaled. */
function inverse(matrix: readonly number[]): number[] {
  const scale = Array.from({ length: size }, (_, row) => 1 / Math.sqrt(matrix[row * size + row] as number));
  const scaled = matrix.map(
    (value, index) => value * (scale[Math.floor(index / size)] as number) * (scale[index % size] as number),
  );
  const rows = Array.from({ length: size }, (_, row) => [
    ...scaled.slice(row * size, (row + 1) * size),
    ...Array.from({ length: size }, (_unit, column) => (row === column ? 1 : 0)),
  ]);
  for (const [pivot, pivotRow] of rows.entries()) {
    const by = pivotRow[pivot] as number;
    for (const [column, value] of pivotRow.entries()) pivotRow[column] = value / by;
    for (const [other, row] of rows.entries()) {
      const factor = row[pivot] as number;
      if (other === pivot || factor === 0) continue;
      for (const [column, value] of pivotRow.entries()) row[column] = (row[column] as number) - factor * value;
    }
  }
  return rows.flatMap((row, index) =>
    row.slice(size).map((value, column) => value * (scale[index] as number) * (scale[column] as number)),
  );
}
