// Readers for data of other systems. They never throw: a malformed value counts as absent.

/** Reads a text. A number becomes a text. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === "string" ? value : typeof value === "number" ? String(value) : undefined;

/** Reads a finite number, also from a string. */
export function numberOf(value: unknown): number | undefined {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}

/** Reads a count or a size: from 0 to the largest exact integer, without its fraction. */
export function countOf(value: unknown): number | undefined {
  const number = numberOf(value) ?? -1;
  return number >= 0 && number <= Number.MAX_SAFE_INTEGER ? wholeOf(number) : undefined;
}

/** Removes the fraction. Also turns -0 into 0: SQLite would keep the sign. @param number at least 0 */
export const wholeOf = (number: number): number => Math.floor(Math.abs(number));

/** Reads a list. Any other value counts as a list of one item. */
export const listOf = (value: unknown): unknown[] | undefined =>
  value === undefined || value === null ? undefined : Array.isArray(value) ? value : [value];

/** Reads the fields of an object. Any other value has none. */
export const fieldsOf = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};

/**
 * Reads the items of a list.
 * @param read returns undefined for a malformed item, which is left out
 * @returns undefined without a list, or if all its items are malformed
 */
export function itemsOf<T>(value: unknown, read: (item: unknown) => T | undefined): T[] | undefined {
  const items = listOf(value);
  const found = items?.map(read).filter((item) => item !== undefined);
  return items?.length && found?.length === 0 ? undefined : found;
}
