import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { forbidden, ServiceError, unauthenticated } from "../lib/errors.ts";
import { bearerToken } from "../platform/auth/bearer.ts";
import { limitAddress } from "../platform/rate-limit.ts";
import { note } from "../platform/work.ts";
import { createContext, type OpenEnv, type UserEnv } from "./context.ts";
import { notSignedIn, userNotFound } from "./errors.ts";
import { verifyInitData } from "./init-data.ts";
import { verifyOperator } from "./operators.ts";
import { findUser, readUserId } from "./users/find.ts";

/** Sets `c.var.ctx`. */
export const open = createMiddleware<OpenEnv>(async (c, next) => {
  c.set("ctx", createContext(c.env, c.executionCtx));
  await next();
});

/**
 * Requires a caller who may act for the user of the path, and adds that user to `c.var.ctx`. What is refused is limited
 * by address.
 * @throws ServiceError unauthenticated without a valid credential; not_found for an unknown user, and for another's;
 *   rate_limited
 */
export const authenticate = createMiddleware<UserEnv>(async (c, next) => {
  const { ctx } = c.var;
  try {
    const id = await allowedUser(c);
    note({ user: id });
    await limit(c, id);
    const user = await findUser(ctx, id);
    if (!user) throw userNotFound();
    c.set("ctx", { ...ctx, user });
  } catch (error) {
    await limitAddress(c);
    throw error;
  }
  await next();
});

/** The user of the path, for whom the caller may act. */
async function allowedUser(c: Context<UserEnv>): Promise<number> {
  const caller = await callerOf(c);
  const id = readUserId(c.req.param("telegramId") ?? "");
  if (id === null || (caller !== "anybody" && caller !== id)) throw userNotFound();
  return id;
}

/** @returns the Telegram id of the caller, or `anybody` for a caller who may act for anybody */
async function callerOf(c: Context<UserEnv>): Promise<number | "anybody"> {
  const { config } = c.var.ctx;
  const { TELEGRAM_AUTH, TELEGRAM_BOT_TOKEN, TELEGRAM_INIT_DATA_MAX_AGE } = config;
  if (TELEGRAM_AUTH === "none") return "anybody";
  const token = bearerToken(c.req.raw.headers);
  if (token) {
    const role = await verifyOperator(token, config).catch((error: unknown) =>
      Promise.reject(asInitData(error)),
    );
    if (role !== "admin") throw notSignedIn("The token is not an operator's");
    return "anybody";
  }
  const data = /^tma +(\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
  if (!data || !TELEGRAM_BOT_TOKEN) throw notSignedIn("There is no init data, or no TELEGRAM_BOT_TOKEN");
  return verifyInitData(data, TELEGRAM_BOT_TOKEN, TELEGRAM_INIT_DATA_MAX_AGE);
}

/** The contract has one sentence for every credential. */
const asInitData = (error: unknown): unknown =>
  error instanceof ServiceError && error.code === "unauthenticated" ? notSignedIn(error) : error;

async function limit(c: Context<OpenEnv> | Context<UserEnv>, who: number | string): Promise<void> {
  const { success } = await c.env.RATE_LIMIT.limit({ key: `telegram:${who}` });
  if (!success)
    throw new ServiceError("rate_limited", "Request was throttled. Expected available in 60 seconds.", {
      retryAfterSeconds: 60,
    });
}

/**
 * Requires an operator: a token with the role `admin`, also with TELEGRAM_AUTH=none. What is refused is limited by address.
 * @throws ServiceError unauthenticated, forbidden, rate_limited
 */
export const operatorsOnly = createMiddleware<OpenEnv>(async (c, next) => {
  try {
    const token = bearerToken(c.req.raw.headers);
    if (!token) throw unauthenticated();
    if ((await verifyOperator(token, c.var.ctx.config)) !== "admin")
      throw forbidden("You do not have permission to perform this action.");
    await limit(c, "operators");
  } catch (error) {
    await limitAddress(c);
    throw error;
  }
  await next();
});
