// How values are read that somebody else has written: as far as they make sense, and never with an error. What makes
// no sense counts as absent.

export const textOf = (value: unknown): string | undefined =>
  typeof value === "string" ? value : typeof value === "number" ? String(value) : undefined;

/** A finite number, also one that stands there as text. */
export function numberOf(value: unknown): number | undefined {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}

/** A whole number from 0 on that is exact: a count, or a size. */
export function countOf(value: unknown): number | undefined {
  const number = numberOf(value) ?? -1;
  return number >= 0 && number <= Number.MAX_SAFE_INTEGER ? wholeOf(number) : undefined;
}

/** Without its fraction. @param number from 0 on; of a zero the sign is lost, which SQLite would keep */
export const wholeOf = (number: number): number => Math.floor(Math.abs(number));

/** The items of a list; one that stands there without a list is its only item. */
export const listOf = (value: unknown): unknown[] | undefined =>
  value === undefined || value === null ? undefined : Array.isArray(value) ? value : [value];

/** The fields of an object; of anything else, none. */
export const fieldsOf = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};

/**
 * Reads each item of a list.
 * @param read gives undefined for an item that makes no sense, which is left out
 * @returns undefined when there is no list, or when none of its items makes sense
 */
export function itemsOf<T>(value: unknown, read: (item: unknown) => T | undefined): T[] | undefined {
  const items = listOf(value);
  const found = items?.map(read).filter((item) => item !== undefined);
  return items?.length && found?.length === 0 ? undefined : found;
}
