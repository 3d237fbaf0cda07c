import { createHash } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import type { GrantApi } from "../http/api.ts";
import type { Body } from "../http/body.ts";
import { ApiError } from "../http/errors.ts";
import type { Store } from "../store/store.ts";
import type { World } from "../store/world.ts";
import { now } from "../store/world.ts";

const LIFETIME = 60 * 60 * 1000;

/**
 * Nylas: remembers an Idempotency-Key per grant for an hour, with its response, errors included. Payloads are compared
 * as parsed, so key order and multipart boundaries do not matter.
 */
export function idempotent(world: World): MiddlewareHandler<GrantApi> {
  return async (c, next) => {
    const key = c.req.header("idempotency-key");
    if (key === undefined) return next();
    if (key.length > 256) {
      const message = "Idempotency-Key must be 256 characters or fewer.";
      throw new ApiError(400, "api.invalid_idempotency_key", message);
    }

    const { store } = world;
    const slot = `${c.get("grant").id} ${key}`;
    if (world.sending.has(slot)) {
      const message = "A request with the same Idempotency-Key is currently in progress.";
      throw new ApiError(409, "api.concurrent_idempotent_request", message);
    }
    const payloadHash = hashOf(c.get("body"));
    const remembered = store.sends.get(slot);
    if (remembered && remembered.expires_at > now(world)) {
      if (remembered.payload_hash !== payloadHash) {
        const message = "The Idempotency-Key was reused with a different request payload.";
        throw new ApiError(409, "api.invalid_idempotent_request", message);
      }
      c.set("requestId", remembered.request_id);
      const headers = { "content-type": "application/json", "Idempotent-Response": "true" };
      return new Response(remembered.body, { status: remembered.status, headers });
    }

    world.sending.add(slot);
    try {
      await next();
    } finally {
      world.sending.delete(slot);
    }
    // The client disconnected before anything was sent, so there is no response to replay.
    if (c.req.raw.signal.aborted) return;
    forgetExpired(store, now(world));
    store.sends.set(slot, {
      payload_hash: payloadHash,
      status: c.res.status,
      body: await c.res.clone().text(),
      request_id: c.get("requestId"),
      expires_at: now(world) + LIFETIME,
    });
  };
}

// The map is ordered by expiry.
function forgetExpired({ sends }: Store, at: number): void {
  for (const [slot, { expires_at }] of sends) {
    if (expires_at > at) return;
    sends.delete(slot);
  }
}

function hashOf(body: Body): string {
  const hash = createHash("sha256");
  if (body.kind === "json") hash.update(canonical(body.value));
  if (body.kind === "multipart") {
    hash.update(canonical(body.fields));
    for (const { content, ...part } of body.files) hash.update(canonical(part)).update(content);
  }
  return hash.digest("hex");
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, nested) =>
    nested && typeof nested === "object" && !Array.isArray(nested)
      ? Object.fromEntries(Object.entries(nested).sort(([a], [b]) => (a < b ? -1 : 1)))
      : nested,
  );
}
