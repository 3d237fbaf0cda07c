const RANDOM_BITS = 74n;

/**
 * A new id in the form of a CUID: `c` and 24 digits of base 36, made of 48 bits of time and 74 random ones. Ids sort by the
 * millisecond in which they were made.
 */
export function cuid(ms = Date.now()): string {
  const [high = 0, middle = 0, low = 0] = crypto.getRandomValues(new Uint32Array(3));
  const random = (BigInt(high & 0x3ff) << 64n) | (BigInt(middle) << 32n) | BigInt(low);
  return `c${((BigInt(ms) << RANDOM_BITS) | random).toString(36).padStart(24, "0")}`;
}

/** What such an id looks like. */
export const CUID = /^c[0-9a-z]{24}$/;
