import type { Context, Env as HonoEnv } from "hono";
import { createMiddleware } from "hono/factory";
import { ServiceError } from "../lib/errors.ts";

/**
 * Refuses a request with the fields of draft-ietf-httpapi-ratelimit-headers-10. Cloudflare's binding tells only whether
 * a request is over the limit. So the remaining quota is known here alone, and the time of the reset (`t`) is not.
 * @param policy the limit as RateLimit-Policy; the Worker cannot read it from the binding
 */
function refuse(c: Context, whose: "user" | "address", policy: string): never {
  // Hono adds the headers of this response to that of the error.
  const { headers } = c.res;
  headers.set("ratelimit-policy", policy);
  headers.set("ratelimit", `"${whose}";r=0`);
  const message = `Too many requests: the limit per ${whose} and minute is reached; try again in a minute`;
  throw new ServiceError("rate_limited", message, { retryAfterSeconds: 60 });
}

interface UserEnv extends HonoEnv {
  Bindings: Env;
  Variables: { user: unknown };
}

/**
 * Makes the middleware that limits each user's requests per minute to RATE_LIMIT (wrangler.toml).
 * @param keyOf returns the user's key, distinct from users of other modules
 * @throws ServiceError rate_limited
 */
export const limitUser = <E extends UserEnv>(keyOf: (user: E["Variables"]["user"]) => string) =>
  createMiddleware<E>(async (c, next) => {
    const { success } = await c.env.RATE_LIMIT.limit({ key: keyOf(c.var.user) });
    if (!success) refuse(c, "user", c.env.RATE_LIMIT_POLICY);
    await next();
  });

/**
 * Limits an address's requests per minute to OPEN_RATE_LIMIT (wrangler.toml). Without an address, as in local
 * development, there is no limit.
 * @throws ServiceError rate_limited
 */
export async function limitAddress<E extends { Bindings: Env }>(c: Context<E>): Promise<void> {
  // Cloudflare overwrites a client's own header.
  const key = c.req.header("cf-connecting-ip");
  if (key === undefined || (await c.env.OPEN_RATE_LIMIT.limit({ key })).success) return;
  refuse(c, "address", c.env.OPEN_RATE_LIMIT_POLICY);
}

/** Middleware that applies `limitAddress` to a route. */
export const limitOpen = createMiddleware<{ Bindings: Env }>(async (c, next) => {
  await limitAddress(c);
  await next();
});
