import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { ServiceError, unauthenticated } from "../lib/errors.ts";
import { bearerToken } from "../platform/auth/bearer.ts";
import { publicBase } from "../platform/front.ts";
import { createIdempotency } from "../platform/idempotency/middleware.ts";
import { limitAddress } from "../platform/rate-limit.ts";
import { answersOf } from "./answers.ts";
import { verifyCaller } from "./caller.ts";
import { config } from "./config.ts";
import { createContext, type EmailEnv } from "./context.ts";
import { countRequest } from "./limits.ts";
import { ownKey } from "./own-key.ts";

/** The name of this module in MODULES. */
export const NAME = "email-service";

/**
 * Requires a valid token, in `Authorization` or, without that, in `X-Auth-Token`. Requests without one are limited by
 * address.
 */
export const authenticate = createMiddleware<EmailEnv>(async (c, next) => {
  try {
    c.set("caller", await callerOf(c));
  } catch (error) {
    await limitAddress(c);
    throw error;
  }
  await next();
});

function callerOf(c: Context<EmailEnv>) {
  const { headers } = c.req.raw;
  const token = headers.has("authorization") ? bearerToken(headers) : headers.get("x-auth-token");
  if (!token) throw unauthenticated();
  const named = { tenantId: c.req.header("x-tenant-id"), userId: c.req.header("x-user-id") };
  return verifyCaller(token, config(c.env), named);
}

/** Applies the contract's limits to the user, and tells their state with every answer, also with an error. */
export const limitRate = createMiddleware<EmailEnv>(async (c, next) => {
  const counted = await countRequest(c.env, c.var.caller, c.req.method, c.req.path);
  if (!counted) return next();
  const { isAllowed, limit, remaining, reset } = counted;
  // Hono adds the headers of this response to the one that follows, also to that of an error.
  const { headers } = c.res;
  headers.set("x-ratelimit-limit", String(limit));
  headers.set("x-ratelimit-remaining", String(remaining));
  headers.set("x-ratelimit-reset", String(reset));
  if (isAllowed) return next();
  const seconds = Math.max(1, Math.ceil((reset - Date.now()) / 1000));
  const message = `Too many requests - try again in ${seconds} seconds`;
  throw new ServiceError("rate_limited", message, { retryAfterSeconds: seconds });
});

/** Sets the caller's context as `c.var.ctx`. */
export const withContext = createMiddleware<EmailEnv>(async (c, next) => {
  const ctx = createContext(c.env, c.executionCtx);
  c.set("ctx", { ...ctx, caller: c.var.caller, origin: publicBase(c.req.url, c.env, NAME) });
  await next();
});

/**
 * Runs a request with an Idempotency-Key once, and replays its response. Security: the hash of the request is keyed, since
 * its body may have a password.
 */
export const idempotent = createIdempotency<EmailEnv>({
  storeOf: ({ var: { ctx } }) => answersOf(ctx),
  userOf: ({ var: { caller } }) => `${caller.tenantId}/${caller.userId}`,
  rightsOf: ({ var: { caller } }) => caller.isAdmin,
  hashKeyOf: ({ var: { ctx } }) => ownKey(ctx.config, "requests"),
});
