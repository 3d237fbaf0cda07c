import type { Env as HonoEnv } from "hono";
import { createMiddleware } from "hono/factory";
import { ServiceError } from "../lib/errors.ts";

const tooMany = (whose: string): ServiceError => {
  const message = `Too many requests: the limit per ${whose} and minute is reached; try again in a minute`;
  return new ServiceError("rate_limited", message, { retryAfterSeconds: 60 });
};

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
    if (!success) throw tooMany("user");
    await next();
  });

/**
 * Limits an address's requests per minute to OPEN_RATE_LIMIT (wrangler.toml). Without an address, as in local
 * development, there is no limit.
 * @param headers the request's headers; Cloudflare overwrites a client's `cf-connecting-ip`
 * @throws ServiceError rate_limited
 */
export async function limitAddress(env: Env, headers: Headers): Promise<void> {
  const key = headers.get("cf-connecting-ip");
  if (key === null || (await env.OPEN_RATE_LIMIT.limit({ key })).success) return;
  throw tooMany("address");
}

/** Middleware that applies `limitAddress` to a route. */
export const limitOpen = createMiddleware<{ Bindings: Env }>(async (c, next) => {
  await limitAddress(c.env, c.req.raw.headers);
  await next();
});
