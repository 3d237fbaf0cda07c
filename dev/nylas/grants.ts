import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import type { Api, GrantApi } from "./api.ts";
import { grantByEmail } from "./deposit.ts";
import { ApiError } from "./errors.ts";
import { providerFaults } from "./fault-answers.ts";
import type { Provider } from "./ids.ts";
import { between, uuid } from "./ids.ts";
import { limitApplication } from "./limits.ts";
import { moveIn, moveOut } from "./moving.ts";
import { announceGrant, announceGrantCreated, announceMessage } from "./notifications.ts";
import type { Grant } from "./store.ts";
import { mailboxOf } from "./store.ts";
import type { World } from "./world.ts";
import { unixNow } from "./world.ts";

const BACKFILL_WITHIN = 72 * 60 * 60;

export interface NewGrant {
  email: string;
  provider?: Provider;
  name?: string;
  state?: string;
}

/** The grant of that address: the one there is, or a new one, which is announced. */
export function addGrant(world: World, { email, provider = "google", name, state }: NewGrant): Grant {
  const existing = grantByEmail(world, email);
  if (existing) return existing;
  const at = unixNow(world);
  const grant: Grant = {
    id: uuid(world.store),
    provider,
    grant_status: "valid",
    email,
    ...(name !== undefined && { name }),
    scope: ["email"],
    ...(state !== undefined && { state }),
    created_at: at,
    updated_at: at,
  };
  world.store.grants.set(grant.id, grant);
  moveIn(world, grant);
  announceGrantCreated(world, grant);
  return grant;
}

/** A user consents: the grant of that address is good again, or made. */
export function connect(world: World, wanted: NewGrant): Grant {
  const existing = grantByEmail(world, wanted.email);
  if (existing) reauthenticate(world, existing);
  return existing ?? addGrant(world, wanted);
}

/** The provider takes its consent back: calls fail at once, Nylas says so within ten minutes. */
export function expireGrant(world: World, grant: Grant): void {
  if (grant.grant_status === "invalid") return;
  grant.grant_status = "invalid";
  grant.expired_at = unixNow(world);
  const delay = between(world.store, 0, 600_000);
  announceGrant(world, grant, "grant.expired", 25009, { grant_updated_at: grant.updated_at }, delay);
}

/** The user consents again: same id, and what arrived meanwhile is announced if that was under 72 h. */
export function reauthenticate(world: World, grant: Grant): void {
  const expiredAt = grant.expired_at;
  grant.grant_status = "valid";
  delete grant.expired_at;
  grant.updated_at = unixNow(world);
  announceGrant(world, grant, "grant.updated", 25027, { reauthentication_flag: true });
  if (expiredAt === undefined || grant.updated_at - expiredAt >= BACKFILL_WITHIN) return;
  for (const message of mailboxOf(world.store, grant.id).messages.values()) {
    if (message.date >= expiredAt) announceMessage(world, message, "message.created");
  }
}

/** The grant that a path names by id, `grant:<id>`, email or `email:<address>`. */
export function findGrant(world: World, name: string): Grant | undefined {
  const bare = name.replace(/^(grant|email):/, "");
  return world.store.grants.get(bare) ?? grantByEmail(world, bare);
}

/** Sets the grant of a mail route; refuses unknown ones and expired ones. */
export function requireGrant(world: World) {
  return createMiddleware<GrantApi>(async (c, next) => {
    const grant = knownGrant(world, c.req.param("grant") ?? "");
    if (grant.grant_status === "invalid") {
      const message = "Request had invalid authentication credentials.";
      throw new ApiError(401, "unauthorized", "Unauthorized", { code: 401, message });
    }
    c.set("grant", grant);
    await next();
  });
}

/** Read and delete, below /v3/grants. */
export function grantRoutes(world: World): Hono<Api> {
  const routes = new Hono<Api>();
  const limit = limitApplication(world);
  const faults = providerFaults(world);

  routes.get("/:id", limit, faults, (c) => {
    const data = grantObject(knownGrant(world, c.req.param("id")));
    return c.json({ request_id: c.get("requestId"), data });
  });

  routes.delete("/:id", limit, faults, (c) => {
    const grant = knownGrant(world, c.req.param("id"));
    deleteGrant(world, grant);
    return c.json({ request_id: c.get("requestId") });
  });

  return routes;
}

function knownGrant(world: World, name: string): Grant {
  const grant = findGrant(world, name);
  if (!grant) throw new ApiError(404, "grant.not_found", "No Grant found");
  return grant;
}

function deleteGrant(world: World, grant: Grant): void {
  world.store.grants.delete(grant.id);
  moveOut(world, grant);
  announceGrant(world, grant, "grant.deleted", 25013);
}

function grantObject({ expired_at: _, ...grant }: Grant) {
  return { ...grant, settings: {} };
}
