import type { Provider } from "../store/ids.ts";
import { between, uuid } from "../store/ids.ts";
import type { Grant } from "../store/store.ts";
import { mailboxOf } from "../store/store.ts";
import type { World } from "../store/world.ts";
import { unixNow } from "../store/world.ts";
import { announceGrant, announceGrantCreated, announceMessage } from "../webhooks/notifications.ts";
import { moveIn, moveOut } from "./moving.ts";

const BACKFILL_WITHIN = 72 * 60 * 60;

export interface NewGrant {
  email: string;
  provider?: Provider;
  name?: string;
  state?: string;
}

/** Finds the grant of an address, or creates it and notifies the webhooks. */
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

/** A user consents: re-authenticates the grant of the address, or creates it. */
export function connect(world: World, wanted: NewGrant): Grant {
  const existing = grantByEmail(world, wanted.email);
  if (existing) reauthenticate(world, existing);
  return existing ?? addGrant(world, wanted);
}

/** The provider revokes access. Calls fail at once; the notification follows within ten minutes. */
export function expireGrant(world: World, grant: Grant): void {
  if (grant.grant_status === "invalid") return;
  grant.grant_status = "invalid";
  grant.expired_at = unixNow(world);
  const delay = between(world.store, 0, 600_000);
  announceGrant(world, grant, "grant.expired", 25009, { grant_updated_at: grant.updated_at }, delay);
}

/** The user consents again. The id stays, and messages of an outage under 72 h are announced. */
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

/** Finds a grant by `<id>`, `grant:<id>`, `<address>` or `email:<address>`. */
export function findGrant(world: World, name: string): Grant | undefined {
  const bare = name.replace(/^(grant|email):/, "");
  return world.store.grants.get(bare) ?? grantByEmail(world, bare);
}

/** Finds the grant of an address; the case of letters is ignored. */
export function grantByEmail(world: World, email: string): Grant | undefined {
  const wanted = email.toLowerCase();
  return [...world.store.grants.values()].find((grant) => grant.email.toLowerCase() === wanted);
}

/** Deletes the grant. Its messages stay at the provider. */
export function deleteGrant(world: World, grant: Grant): void {
  world.store.grants.delete(grant.id);
  moveOut(world, grant);
  announceGrant(world, grant, "grant.deleted", 25013);
}
