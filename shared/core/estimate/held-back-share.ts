/**
 * The share of a file's batches that go without their markers, in the middle of what chance may do: the median of a Poisson draw.
 * A batch held back costs several times what another does, so with the mean a file of few batches would be estimated
 * too high nearly always, and much too low when one is held back all the same.
 * @param holdBack the chance of each batch, 0 to 1
 */
export const heldBackShare = (batches: number, holdBack: number): number =>
  batches === 0 ? 0 : Math.floor(batches * holdBack + 1 / 3) / batches;
