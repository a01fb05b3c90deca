import fc from 'fast-check';

const runsWanted = Number(process.env.FLOTILLA_PROPERTY_RUNS ?? 0);

/**
 * Runs a property: 200 times by default, so that all of them fit into `npm run check`; `FLOTILLA_PROPERTY_RUNS=10000`
 * makes it a search. A failure prints seed and path, to be given back as `seed` and `path`.
 */
export function checkProperty<Values>(
  property: fc.IProperty<Values>,
  { runs = 200, ...options }: { runs?: number; seed?: number; path?: string } = {},
): void {
  fc.assert(property, { numRuns: Math.max(runs, runsWanted), ...options });
}

/** Plain objects, as our code makes them: never without a prototype. */
export const recordOf = <Shape>(model: { [Key in keyof Shape]: fc.Arbitrary<Shape[Key]> }): fc.Arbitrary<Shape> =>
  fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<Shape>;
