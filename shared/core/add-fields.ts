/** Two of the same kind as one: a sum of each field of `a`. What `b` has beside them is left out. */
export function addFields<T extends { readonly [Field in keyof T]: number }>(a: T, b: T): T {
  const sums = { ...a };
  for (const field in sums) sums[field] = (a[field] + b[field]) as T[typeof field];
  return sums;
}
