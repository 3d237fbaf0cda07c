/** A distribution in the unit of its values; NaN without values. */
export interface Distribution {
  count: number;
  median: number;
  p99: number;
  max: number;
}

/** Nearest-rank percentiles of values in any order. */
export function distributionOf(values: ArrayLike<number>): Distribution {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
  return { count: sorted.length, median: at(0.5), p99: at(0.99), max: at(1) };
}

/** Adds `value` to the entry `key` of a map. */
export function add(sums: Map<string, number>, key: string, value: number): void {
  sums.set(key, (sums.get(key) ?? 0) + value);
}
