import { type Issue, invalid } from "../../lib/errors.ts";
import type { UserCtx } from "../context.ts";
import { mailingObject } from "../mailing-object.ts";
import { presentLength, presentMailing } from "../present.ts";
import type { Interval } from "./schemas.ts";

/** The longest mailing, in seconds: a week. */
const MAX_DURATION = 168 * 3600;

/**
 * Changes how often and for how long the mailing posts.
 * @returns the mailing
 * @throws ServiceError invalid for lengths out of bounds, and while the mailing runs
 */
export async function changeInterval(ctx: UserCtx, interval: Interval) {
  const issues = problemsOf(interval, ctx.config.TELEGRAM_MIN_FREQUENCY);
  if (issues.length > 0) throw invalid("The interval is out of bounds.", issues);
  const change = await mailingObject(ctx).changeInterval(interval);
  if (!change.ok) throw invalid("Stop the mailing before changing its interval.");
  return presentMailing(change.mailing);
}

/** @param least the shortest frequency, in seconds */
function problemsOf({ frequency, duration }: Interval, least: number): Issue[] {
  const issues: Issue[] = [];
  const check = (isBad: boolean, path: string, message: string) => isBad && issues.push({ path, message });
  check(
    frequency < least,
    "frequency",
    `Ensure this value is greater than or equal to ${presentLength(least)}.`,
  );
  check(
    duration > MAX_DURATION,
    "duration",
    `Ensure this value is less than or equal to ${presentLength(MAX_DURATION)}.`,
  );
  check(frequency > duration, "frequency", "Ensure this value is less than or equal to the duration.");
  return issues;
}
