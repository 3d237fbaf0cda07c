import { createMiddleware } from "hono/factory";
import { bearer } from "../platform/auth/bearer.ts";
import { publicBase } from "../platform/front.ts";
import { createIdempotency } from "../platform/idempotency/middleware.ts";
import { limitUser } from "../platform/rate-limit.ts";
import { answersOf } from "./answers.ts";
import { config } from "./config.ts";
import { createContext, type EmsEnv, ofCompanies } from "./context.ts";
import { checkRole, verifyUser } from "./user.ts";

/** Requires a valid token, and sets its claims as `c.var.user`. */
export const authenticate = bearer((token, env) => verifyUser(token, config(env)));

/** Applies RATE_LIMIT per user. */
export const limitRate = limitUser<EmsEnv>(({ user_id }) => String(user_id));

/** Sets the caller's context as `c.var.ctx`. */
export const withContext = createMiddleware<EmsEnv>(async (c, next) => {
  const { user } = c.var;
  const ctx = ofCompanies(createContext(c.env, c.executionCtx), user.companies);
  c.set("ctx", { ...ctx, user, origin: publicBase(c.req.url, c.env, "ems") });
  await next();
});

/** Requires the role `admin`. */
export const requireAdmin = createMiddleware<EmsEnv>(async (c, next) => {
  checkRole(c.var.user, "admin");
  await next();
});

/**
 * Runs a request with an Idempotency-Key once, and replays its response. A token with other companies makes it
 * another request.
 */
export const idempotent = createIdempotency<EmsEnv>({
  storeOf: ({ var: { ctx } }) => answersOf(ctx),
  userOf: ({ var: { user } }) => user.user_id,
  rightsOf: ({ var: { user } }) => user.companies.toSorted((a, b) => a - b),
});
