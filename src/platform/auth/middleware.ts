import { createMiddleware } from "hono/factory";
import { ApiError, unauthorized } from "../../lib/errors.ts";
import { config } from "../config.ts";
import { type CurrentUser, checkRole, verifyToken } from "./token.ts";

export type AuthEnv = { Bindings: Env; Variables: { user: CurrentUser } };

/** Takes the Bearer token and leaves the caller in `c.var.user`. Without a valid one: 401. */
export const authenticate = createMiddleware<AuthEnv>(async (c, next) => {
  const token = /^Bearer +(\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
  if (!token) throw unauthorized();
  c.set("user", await verifyToken(token, config(c.env)));
  await next();
});

/** Holds each user to the requests a minute that the operator allows (RATE_LIMIT in wrangler.toml): else 429. */
export const limitRate = createMiddleware<AuthEnv>(async (c, next) => {
  const { success } = await c.env.RATE_LIMIT.limit({ key: String(c.var.user.user_id) });
  if (!success) {
    const detail = "Too many requests: the limit per user and minute is reached; try again in a minute";
    throw new ApiError(429, detail, { retryAfterSeconds: 60 });
  }
  await next();
});

/**
 * Holds each address to the requests a minute that open routes allow it (OPEN_RATE_LIMIT in wrangler.toml): else 429.
 * Without an address, as where no Cloudflare is in front, nobody is counted.
 * @param headers of the request; Cloudflare sets `cf-connecting-ip` itself, whatever a client sends
 */
export async function limitAddress(env: Env, headers: Headers): Promise<void> {
  const key = headers.get("cf-connecting-ip");
  if (key === null || (await env.OPEN_RATE_LIMIT.limit({ key })).success) return;
  const detail = "Too many requests: the limit per address and minute is reached; try again in a minute";
  throw new ApiError(429, detail, { retryAfterSeconds: 60 });
}

/** The same for a whole route. */
export const limitOpen = createMiddleware<{ Bindings: Env }>(async (c, next) => {
  await limitAddress(c.env, c.req.raw.headers);
  await next();
});

/** Lets only one role pass: else 403. */
export const requireRole = (role: string) =>
  createMiddleware<AuthEnv>(async (c, next) => {
    checkRole(c.var.user, role);
    await next();
  });
