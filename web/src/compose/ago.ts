import { shortDate } from "../i18n/dates.ts";
import { t } from "../i18n/index.ts";

/** How long ago, in words; after an hour when. */
export function agoOf(time: string): string {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(time)) / 1000));
  if (seconds < 60) return t("compose.secondsAgo", { n: seconds });
  if (seconds < 3600) return t("compose.minutesAgo", { n: Math.round(seconds / 60) });
  return shortDate(time);
}
