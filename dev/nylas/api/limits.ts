import type { MiddlewareHandler } from "hono";
import type { Api, GrantApi } from "../http/api.ts";
import { ApiError } from "../http/errors.ts";
import type { World } from "../store/world.ts";
import { now } from "../store/world.ts";

/** Nylas: requests per second. Mail routes have a limit per grant, the others one per application. */
const APPLICATION_RATE = 50;
const MAIL_RATE = 200;
const MULTIPART_RATE = 10;

/** The limit that grants, auth and webhooks share. */
export function limitApplication(world: World): MiddlewareHandler<Api> {
  return async (_c, next) => {
    takeToken(world, "application", APPLICATION_RATE);
    await next();
  };
}

/** The limit of mail routes. Multipart sends have a lower one of their own. */
export function limitGrant(world: World): MiddlewareHandler<GrantApi> {
  return async (c, next) => {
    const { id } = c.get("grant");
    if (c.get("body").kind === "multipart") takeToken(world, `multipart ${id}`, MULTIPART_RATE);
    else takeToken(world, `mail ${id}`, MAIL_RATE);
    await next();
  };
}

// Nylas: the response of its own limits has neither Retry-After nor provider_error.
function takeToken(world: World, name: string, rate: number): void {
  const at = now(world);
  const bucket = world.buckets.get(name) ?? { tokens: rate, refilledAt: at };
  bucket.tokens = Math.min(rate, bucket.tokens + ((at - bucket.refilledAt) / 1000) * rate);
  bucket.refilledAt = at;
  world.buckets.set(name, bucket);
  if (bucket.tokens < 1) throw new ApiError(429, "nylas_rate_limit_exceeded", "Too many requests");
  bucket.tokens -= 1;
}
