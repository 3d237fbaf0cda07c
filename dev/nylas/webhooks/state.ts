import type { Webhook } from "../store/store.ts";

const MINUTE = 60_000;
const FAILING_AFTER = 15 * MINUTE;
const FAILED_AFTER = 72 * 60 * MINUTE;
const BAD_SHARE = 0.95;
/** Nylas documents no minimum. Without one, a single lost notification in a quiet hour would be 100 %. */
const MIN_SAMPLE = 3;

/** Whether Nylas delivers to this webhook. */
export function isDelivering(webhook: Webhook): boolean {
  return webhook.status === "active" || webhook.status === "failing";
}

/**
 * Counts an attempt at `at` (ms) and updates the status: `failing` while 95 % of 15 minutes were bad, else `active`;
 * `failed` for good after 72 hours of that.
 */
export function countAttempt(webhook: Webhook, good: boolean, at: number): void {
  const minute = Math.floor(at / MINUTE);
  if (webhook.tallies.at(-1)?.minute !== minute) webhook.tallies.push({ minute, good: 0, bad: 0 });
  webhook.tallies.at(-1)![good ? "good" : "bad"] += 1;
  webhook.tallies = webhook.tallies.filter((kept) => at - kept.minute * MINUTE <= FAILED_AFTER + MINUTE);

  if (!isDelivering(webhook)) return;
  const failingFor = webhook.status === "failing" ? at - webhook.status_updated_at * 1000 : 0;
  const watchedFor = at - webhook.tallies[0]!.minute * MINUTE;
  if (failingFor >= FAILED_AFTER && isMostlyBad(webhook, at, FAILED_AFTER)) setStatus(webhook, "failed", at);
  else if (watchedFor >= FAILING_AFTER) {
    const mostlyBad = isMostlyBad(webhook, at, FAILING_AFTER);
    if (mostlyBad !== undefined) setStatus(webhook, mostlyBad ? "failing" : "active", at);
  }
}

/** Sets the status, and the time `at` (ms) of the change. */
export function setStatus(webhook: Webhook, status: Webhook["status"], at: number): void {
  if (webhook.status === status) return;
  webhook.status = status;
  webhook.status_updated_at = Math.floor(at / 1000);
}

/** Undefined if there are too few attempts. */
function isMostlyBad(webhook: Webhook, at: number, window: number): boolean | undefined {
  const recent = webhook.tallies.filter((tally) => at - tally.minute * MINUTE <= window);
  const bad = recent.reduce((sum, tally) => sum + tally.bad, 0);
  const all = recent.reduce((sum, tally) => sum + tally.bad + tally.good, 0);
  return all < MIN_SAMPLE ? undefined : bad / all >= BAD_SHARE;
}
