import { type Language, language, locale, t } from "./index.ts";

// Chromium has no names of months in Uzbek with Latin letters, and abbreviates its Cyrillic ones as Russian does. So the
// Uzbek ones are here; Russian and English are the browser's own.

const MONTHS: Partial<Record<Language, string[]>> = {
  uz: "yanvar fevral mart aprel may iyun iyul avgust sentabr oktabr noyabr dekabr".split(" "),
  "uz-Cyrl": "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь".split(" "),
};
const DAYS: Partial<Record<Language, string[]>> = {
  uz: "yakshanba dushanba seshanba chorshanba payshanba juma shanba".split(" "),
  "uz-Cyrl": "якшанба душанба сешанба чоршанба пайшанба жума шанба".split(" "),
};

/** By locale and options. To make one takes longer than to draw the row of a list that it is for. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function format(date: Date, options: Intl.DateTimeFormatOptions): string {
  const key = locale() + JSON.stringify(options);
  const formatter = formatters.get(key) ?? new Intl.DateTimeFormat(locale(), options);
  formatters.set(key, formatter);
  return formatter.format(date);
}

/** The time of day, such as 09:05. */
export const clock = (time: string | Date): string =>
  format(new Date(time), { hour: "2-digit", minute: "2-digit" });

/** When, in as few characters as a list has: the time today, the day this year, else the date. */
export function shortDate(time: string, now = new Date()): string {
  const date = new Date(time);
  if (date.toDateString() === now.toDateString()) return clock(date);
  if (date.getFullYear() === now.getFullYear()) {
    const month = MONTHS[language()]?.[date.getMonth()];
    return month
      ? `${date.getDate()}-${month.slice(0, 3)}`
      : format(date, { day: "numeric", month: "short" });
  }
  return language() === "en"
    ? format(date, { day: "numeric", month: "short", year: "numeric" })
    : format(date, { day: "2-digit", month: "2-digit", year: "numeric" });
}

/** The whole day, such as Tuesday, 24 November 2026. */
export function longDay(time: string): string {
  const date = new Date(time);
  const [month, day] = [MONTHS[language()]?.[date.getMonth()], DAYS[language()]?.[date.getDay()]];
  if (!month || !day)
    return format(date, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
  const year = language() === "uz" ? "yil" : "йил";
  return `${date.getFullYear()}-${year} ${date.getDate()}-${month}, ${day}`;
}

/** The whole date with its time. */
export const longDate = (time: string): string => `${longDay(time)}, ${clock(time)}`;

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

/** How long ago, such as 5 min ago; from a week on as `shortDate`. A time to come is now. */
export function relativeTime(time: string, now = new Date()): string {
  const seconds = Math.max(0, Math.floor((now.getTime() - Date.parse(time)) / 1000));
  if (seconds < 5) return t("time.now");
  if (seconds < MINUTE) return t("time.seconds", { n: seconds });
  if (seconds < HOUR) return t("time.minutes", { n: Math.floor(seconds / MINUTE) });
  if (seconds < DAY) return t("time.hours", { n: Math.floor(seconds / HOUR) });
  if (seconds < 7 * DAY) return t("time.days", { n: Math.floor(seconds / DAY) });
  return shortDate(time, now);
}
