import { numberOf, wholeOf } from "./lenient.ts";

/** Now, in whole seconds since the epoch: the unit of all stored times. */
export const nowSeconds = (): number => Math.floor(Date.now() / 1000);

const DAY = 86_400;
/** The last second of the year 9999. */
const LAST = 253_402_300_799;
/** In milliseconds. As seconds, this number would be the year 33658. */
const SEPTEMBER_2001 = 1_000_000_000_000;

/**
 * Validates a time from another system. Milliseconds are recognised.
 * @param receivedAt time of receipt, in seconds since the epoch
 * @returns seconds since the epoch, from 1970 to a day after the later of receipt and now; `receivedAt` for other input
 */
export function clampTime(value: unknown, receivedAt: number): number {
  const number = numberOf(value) ?? -1;
  const seconds = number >= SEPTEMBER_2001 ? number / 1000 : number;
  return seconds >= 0 && seconds <= Math.max(receivedAt, nowSeconds()) + DAY ? wholeOf(seconds) : receivedAt;
}

const TWO_DIGITS = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, "0"));

/** The last day that was formatted: a page has many times of few days, and a Date takes four times as long. */
let last = { day: Number.NaN, text: "" };

/**
 * Formats a stored time for the API. Never throws: one bad row must not make a whole list fail.
 * @param seconds since the epoch, UTC
 * @returns `YYYY-MM-DDTHH:MM:SSZ`, without a fraction, from 1970 to 9999
 */
export function toIso(seconds: number): string {
  const time = Math.min(Math.max(Math.trunc(seconds) || 0, 0), LAST);
  const second = time % DAY;
  const day = time - second;
  if (day !== last.day) last = { day, text: new Date(day * 1000).toISOString().slice(0, 11) };
  const [h, m, s] = [Math.trunc(second / 3600), Math.trunc(second / 60) % 60, second % 60];
  return `${last.text}${TWO_DIGITS[h]}:${TWO_DIGITS[m]}:${TWO_DIGITS[s]}Z`;
}

/** Like `toIso`, for an optional time. */
export const toIsoOrNull = (seconds: number | null): string | null =>
  seconds === null ? null : toIso(seconds);

/** Like `toIso`, for a time in milliseconds since the epoch. */
export const isoOf = (ms: number): string => toIso(ms / 1000);

/** Like `isoOf`, for an optional time. */
export const isoOrNullOf = (ms: number | null): string | null => (ms === null ? null : isoOf(ms));
