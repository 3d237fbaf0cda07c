import { sql } from "../platform/d1/sql.ts";
import type { Ctx } from "./context.ts";
import { throttled } from "./errors.ts";

/** How often something may be done, in how many seconds. `HUB_LIMITS` changes them by name. */
const LIMITS = {
  /** Per address: codes tried. */
  email_verify: [10, 600],
  code_address: [20, 3600],
  /** Per e-mail: wrong codes. Per user: codes tried. */
  code_email: [10, 86_400],
  forget_password: [5, 3600],
  new_password: [10, 3600],
  profile_search: [60, 60],
  public_profile: [60, 60],
  /** Per e-mail and address, since the last success: see auth/sign-in.ts. Per user: see accounts/codes.ts. */
  signin: [10, 600],
  /** Per address, and per e-mail. */
  signup: [10, 3600],
  open_comments: [10, 60],
  uploads: [60, 3600],
  location: [10, 3600],
  /** Per room: what somebody sends by a socket. Three times as much may come at once. The room counts it in memory. */
  messages: [10, 1],
} satisfies Record<string, [times: number, seconds: number]>;

export type Scope = keyof typeof LIMITS;

/** How often something may be done, in how many seconds. */
export function limitOf({ config }: Ctx, scope: Scope): [times: number, seconds: number] {
  const [usualTimes, usualSeconds] = LIMITS[scope];
  const [times = usualTimes, seconds = usualSeconds] = config.HUB_LIMITS[scope] ?? [];
  return [times, seconds];
}

/**
 * Counts one more of something, exactly, also for requests at the same moment.
 * @param who a user, an address, an e-mail: whatever the limit is for
 * @throws ServiceError rate_limited
 */
export async function countUse(ctx: Ctx, scope: Scope, who: string): Promise<void> {
  const { db } = ctx;
  const [times, seconds] = limitOf(ctx, scope);
  const now = Date.now();
  const endsAt = now + seconds * 1000;
  const [row] = await db.all(sql<{ count: number; ends_at: number }>`
    INSERT INTO hub_limits (key, count, ends_at) VALUES (${`${scope} ${who}`}, 1, ${endsAt})
    ON CONFLICT (key) DO UPDATE SET
      count = iif(ends_at <= ${now}, 1, min(count + 1, ${times + 1})),
      ends_at = iif(ends_at <= ${now}, ${endsAt}, ends_at)
    RETURNING count, ends_at`);
  if (row && row.count > times) throw throttled(Math.max(1, Math.ceil((row.ends_at - now) / 1000)));
}

/** Forgets windows that are over. @returns how many */
export async function removeOldLimits({ db }: Ctx): Promise<number> {
  const removed = await db.all(sql`
    DELETE FROM hub_limits WHERE key IN (
      SELECT key FROM hub_limits WHERE ends_at < ${Date.now()} ORDER BY ends_at LIMIT 500) RETURNING key`);
  return removed.length;
}
