import type { Random } from "./random.ts";

const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
const TASHKENT_OFFSET = 5 * HOUR; // without daylight saving time

/** Returns the time if it lies in office hours of Tashkent, else a moment of the next morning. */
export function nextWorkingHour(random: Random, time: number): number {
  const midnight = Math.floor((time + TASHKENT_OFFSET) / DAY) * DAY - TASHKENT_OFFSET;
  const hour = (time - midnight) / HOUR;
  if (hour >= 8 && hour < 19) return time;
  const morning = hour < 8 ? midnight : midnight + DAY;
  return morning + 8 * HOUR + random.int(0, 150) * 60_000;
}
