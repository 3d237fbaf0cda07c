import type { Ctx } from "./context.ts";

/** Whether a subscription counts today. Its last day counts to its end, in TELEGRAM_TIMEZONE. @param endsAt as YYYY-MM-DD */
export function isSubscribed({ config }: Pick<Ctx, "config">, endsAt: string | null): boolean {
  // Swedish dates are written as YYYY-MM-DD.
  return (
    endsAt !== null && new Date().toLocaleDateString("sv", { timeZone: config.TELEGRAM_TIMEZONE }) <= endsAt
  );
}
