import { createMiddleware } from "hono/factory";
import { ServiceError, unauthenticated } from "../lib/errors.ts";
import { createContext, type OpenEnv, type UserEnv } from "./context.ts";
import { userNotFound } from "./errors.ts";
import { findUser } from "./users/find.ts";

/** Sets `c.var.ctx`. */
export const open = createMiddleware<OpenEnv>(async (c, next) => {
  c.set("ctx", createContext(c.env, c.executionCtx));
  await next();
});

/**
 * Requires a caller who may act for the user of the path, and adds that user to `c.var.ctx`.
 * @throws ServiceError unauthenticated without a valid credential; not_found for an unknown user, and for another's
 */
export const authenticate = createMiddleware<UserEnv>(async (c, next) => {
  const { ctx } = c.var;
  // FRAME: init data, operators' tokens and limits come here.
  if (ctx.config.TELEGRAM_AUTH !== "none") throw unauthenticated();
  const id = c.req.param("telegramId") ?? "";
  const user = /^[1-9]\d{0,14}$/.test(id) ? await findUser(ctx, Number(id)) : undefined;
  if (!user) throw userNotFound();
  c.set("ctx", { ...ctx, user });
  await next();
});

/** Requires an operator: a token with the role `admin`. @throws ServiceError unauthenticated, forbidden */
export const operatorsOnly = createMiddleware<OpenEnv>(async (_c, _next) => {
  throw new ServiceError("forbidden", "FRAME");
});
