import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { ServiceError } from "../lib/errors.ts";
import { bearerToken } from "../platform/auth/bearer.ts";
import { publicBase } from "../platform/front.ts";
import { limitAddress } from "../platform/rate-limit.ts";
import { note } from "../platform/work.ts";
import { findViewer } from "./auth/sessions.ts";
import { NAME } from "./config.ts";
import { createContext, type HubEnv, type Language, type OpenEnv } from "./context.ts";
import { notAllowed, notSignedIn } from "./errors.ts";

/** Sets `c.var.ctx`. Without HUB_JWT_SECRET nobody can sign in, and nothing is answered. @throws ServiceError unavailable */
export const open = createMiddleware<OpenEnv>(async (c, next) => {
  const ctx = createContext(c.env, c.executionCtx);
  if (!ctx.config.HUB_JWT_SECRET)
    throw new ServiceError("unavailable", "UzbekHub is not set up: HUB_JWT_SECRET is missing or refused");
  c.set("ctx", {
    ...ctx,
    origin: publicBase(c.req.url, c.env, NAME),
    address: addressOf(c),
    language: languageOf(c.req.header("accept-language") ?? ""),
  });
  await next();
});

/** Requires a valid access token. Requests without one are limited by address. @throws ServiceError unauthenticated */
export const authenticate = createMiddleware<HubEnv>(async (c, next) => {
  const { ctx } = c.var;
  const token = bearerToken(c.req.raw.headers);
  try {
    if (!token) throw notSignedIn();
    const user = await findViewer(ctx, token);
    note({ user: user.id });
    c.set("ctx", { ...ctx, user });
  } catch (error) {
    await limitAddress(c);
    throw error;
  }
  const { success } = await c.env.RATE_LIMIT.limit({ key: `hub:${c.var.ctx.user.id}` });
  if (!success) throw new ServiceError("rate_limited", "Request was throttled", { retryAfterSeconds: 60 });
  await next();
});

/** For an open route: notes who sent a valid token. Any other token counts as none. */
export const identify = createMiddleware<HubEnv>(async (c, next) => {
  const { ctx } = c.var;
  const token = bearerToken(c.req.raw.headers);
  const user = token ? await findViewer(ctx, token).catch(asNobody) : undefined;
  if (user) c.set("ctx", { ...ctx, user });
  await next();
});

function asNobody(error: unknown): undefined {
  if (!(error instanceof ServiceError && error.code === "unauthenticated")) throw error;
}

/** Requires staff. @throws ServiceError forbidden */
export const staffOnly = createMiddleware<HubEnv>(async (c, next) => {
  if (!c.var.ctx.user.isStaff) throw notAllowed();
  await next();
});

/** One household has a /64 of IPv6. */
function addressOf(c: Context): string {
  // Cloudflare overwrites a client's own header.
  const address = c.req.header("cf-connecting-ip") ?? "local";
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.split("::", 2);
  const front = head === "" ? [] : head.split(":");
  const groups = tail === undefined ? front : [...front, ...Array(8).fill("0")];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group || "0", 16).toString(16))
    .join(":")}::/64`;
}

const languageOf = (accepted: string): Language =>
  accepted
    .split(",")
    .map((each) => each.trim().slice(0, 2).toLowerCase())
    .find((each): each is Language => each === "uz" || each === "ru" || each === "en") ?? "uz";
