import type { MiddlewareHandler } from "hono";
import type { Api, GrantApi } from "./api.ts";
import { ApiError, providerLimit } from "./errors.ts";
import type { World } from "./world.ts";
import { now } from "./world.ts";

/** Nylas: requests per second, per application for what is not mail, per grant for what is. */
const APPLICATION_RATE = 50;
const MAIL_RATE = 200;
const MULTIPART_RATE = 10;
const PROVIDER_LIMITS = {
  google: { sends: 2, seconds: 1 },
  microsoft: { sends: 30, seconds: 60 },
  imap: undefined,
};

/** Grants, auth and webhooks share one allowance. */
export function limitApplication(world: World): MiddlewareHandler<Api> {
  return async (_c, next) => {
    takeToken(world, "application", APPLICATION_RATE);
    await next();
  };
}

/** A multipart send has its own, smaller allowance. */
export function limitGrant(world: World): MiddlewareHandler<GrantApi> {
  return async (c, next) => {
    const { id } = c.get("grant");
    if (c.get("body").kind === "multipart") takeToken(world, `multipart ${id}`, MULTIPART_RATE);
    else takeToken(world, `mail ${id}`, MAIL_RATE);
    await next();
  };
}

/** Inside an Idempotency-Key: the provider's own limit on sends, where the settings want it. */
export function limitProvider(world: World): MiddlewareHandler<GrantApi> {
  return async (c, next) => {
    const { id, provider } = c.get("grant");
    const limit = world.chaos.settings.providerLimits ? PROVIDER_LIMITS[provider] : undefined;
    const wait = limit && waitFor(world, `provider ${id}`, limit.sends, limit.sends / limit.seconds);
    if (wait) throw providerLimit(Math.ceil(wait));
    await next();
  };
}

// Nylas: its own limits answer without Retry-After and without provider_error.
function takeToken(world: World, name: string, rate: number): void {
  if (waitFor(world, name, rate, rate) > 0) {
    throw new ApiError(429, "nylas_rate_limit_exceeded", "Too many requests");
  }
}

/** Takes a token, which fill the bucket at `rate` a second; returns the seconds until there is one, or 0. */
function waitFor(world: World, name: string, capacity: number, rate: number): number {
  const at = now(world);
  const bucket = world.buckets.get(name) ?? { tokens: capacity, refilledAt: at };
  bucket.tokens = Math.min(capacity, bucket.tokens + ((at - bucket.refilledAt) / 1000) * rate);
  bucket.refilledAt = at;
  world.buckets.set(name, bucket);
  if (bucket.tokens < 1) return (1 - bucket.tokens) / rate;
  bucket.tokens -= 1;
  return 0;
}
