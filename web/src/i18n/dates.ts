import { language } from "./index.ts";

// Chromium has no names of months in Uzbek with Latin letters, so they are here.

const MONTHS = "yanvar fevral mart aprel may iyun iyul avgust sentabr oktabr noyabr dekabr".split(" ");
const DAYS = "yakshanba dushanba seshanba chorshanba payshanba juma shanba".split(" ");

const isSameDay = (a: Date, b: Date): boolean => a.toDateString() === b.toDateString();

const clock = (date: Date): string =>
  date.toLocaleTimeString(language() === "en" ? "en-GB" : "ru", { hour: "2-digit", minute: "2-digit" });

/** When, in as few characters as a list has: the time today, the day this year, else the date. */
export function shortDate(time: string, now = new Date()): string {
  const date = new Date(time);
  if (isSameDay(date, now)) return clock(date);
  if (date.getFullYear() !== now.getFullYear())
    return date.toLocaleDateString("ru", { day: "2-digit", month: "2-digit", year: "numeric" });
  if (language() === "uz") return `${date.getDate()}-${MONTHS[date.getMonth()]?.slice(0, 3)}`;
  return date.toLocaleDateString(language() === "en" ? "en-GB" : language(), {
    day: "numeric",
    month: "short",
  });
}

/** The whole date with its time. */
export function longDate(time: string): string {
  const date = new Date(time);
  if (language() === "uz") {
    const day = `${date.getFullYear()}-yil ${date.getDate()}-${MONTHS[date.getMonth()]}`;
    return `${DAYS[date.getDay()]}, ${day}, ${clock(date)}`;
  }
  const tag = language() === "en" ? "en-GB" : language();
  const day = date.toLocaleDateString(tag, {
    weekday: "long",
    day: "numeric",
    month: "long",
    year: "numeric",
  });
  return `${day}, ${clock(date)}`;
}
