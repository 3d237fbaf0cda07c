import { numberOf, wholeOf } from "./lenient.ts";

/** Now, in whole seconds since the epoch: the unit of every time that is stored. */
export const nowSeconds = (): number => Math.floor(Date.now() / 1000);

const DAY = 86_400;
/** The last second of the year 9999. */
const LAST = 253_402_300_799;
/** In milliseconds; in seconds it would be the year 33658. */
const SEPTEMBER_2001 = 1_000_000_000_000;

/**
 * A time that somebody else has told, as it is stored: seconds since the epoch, from 1970 to a day after it came.
 * Milliseconds are recognised.
 * @returns the time of receipt for whatever else was told
 */
export function clampTime(told: unknown, receivedAt: number): number {
  const number = numberOf(told) ?? -1;
  const seconds = number >= SEPTEMBER_2001 ? number / 1000 : number;
  return seconds >= 0 && seconds <= receivedAt + DAY ? wholeOf(seconds) : receivedAt;
}

/**
 * A stored time as the API shows it. It never throws: one odd row must not cost the list that it is in.
 * @param seconds since the epoch, UTC
 * @returns `YYYY-MM-DDTHH:MM:SSZ`, without a fraction, from 1970 to 9999
 */
export const toIso = (seconds: number): string =>
  `${new Date(Math.min(Math.max(Math.trunc(seconds) || 0, 0), LAST) * 1000).toISOString().slice(0, 19)}Z`;

/** As `toIso`, for a time that may not have come yet. */
export const toIsoOrNull = (seconds: number | null): string | null =>
  seconds === null ? null : toIso(seconds);
