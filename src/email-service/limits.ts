import { withDeadline } from "../lib/deadline.ts";
import { log } from "../platform/log.ts";
import type { Caller } from "./caller.ts";
import type { RateWindow, Taken } from "./rate-window.ts";

/** A limit of the contract (`x-rate-limits`): requests per user and minute. */
interface Limit {
  name: string;
  method?: string;
  path: RegExp;
  limit: number;
}

/** The first one that matches counts. The last one is for all other requests together. */
const LIMITS: Limit[] = [
  { name: "accounts.list", method: "GET", path: /^\/api\/accounts\/?$/, limit: 100 },
  { name: "accounts.create", method: "POST", path: /^\/api\/accounts\/?$/, limit: 10 },
  { name: "sync", method: "POST", path: /^\/api\/sync\//, limit: 5 },
  { name: "send", method: "POST", path: /^\/api\/compose\/send\/?$/, limit: 10 },
];
const OTHER = { name: "other", limit: 50 };

/** Longer than the object takes. A limit that cannot be counted must not hold up the request. */
const DEADLINE_MS = 2000;

/** A limit's state, after a request was counted. */
export interface Counted extends Taken {
  limit: number;
}

/**
 * Counts a request of a user.
 * @param method HEAD counts as GET, which answers it
 * @returns null if it cannot be counted, so that the request passes
 */
export async function countRequest(
  env: Env,
  { tenantId, userId }: Caller,
  method: string,
  path: string,
): Promise<Counted | null> {
  const asked = method === "HEAD" ? "GET" : method;
  const { name, limit } = LIMITS.find((each) => each.method === asked && each.path.test(path)) ?? OTHER;
  const windows = env.RATE_WINDOW as DurableObjectNamespace<RateWindow>;
  try {
    const window = windows.getByName(`${tenantId}/${userId}`);
    return { limit, ...(await withDeadline(DEADLINE_MS, () => window.take(name, limit))) };
  } catch (error) {
    log("warn", "rate_limit.not_counted", { error });
    return null;
  }
}
