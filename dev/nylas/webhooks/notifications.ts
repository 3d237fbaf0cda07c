import { notificationId, objectId } from "../store/ids.ts";
import { messageObject } from "../store/message-object.ts";
import type { Grant, Notification, StoredMessage, Webhook } from "../store/store.ts";
import type { World } from "../store/world.ts";
import { now, unixNow } from "../store/world.ts";
import { disturbed } from "./chaos.ts";
import { isDelivering } from "./state.ts";
import type { Emission } from "./triggers.ts";
import { MAIL_TRIGGERS, triggerOf } from "./triggers.ts";

/** How many finished notifications are kept. The fault 404-once looks up recent ones. */
const REMEMBERED = 1_000;

/**
 * Applies chaos to a notification and queues it for the current subscribers. Without a subscriber it is lost, since
 * Nylas never replays. A type that is no mail trigger goes to every webhook.
 * @returns the id; undefined if nothing was queued
 */
export function emit(world: World, emission: Emission): string | undefined {
  if (subscribers(world, emission).length === 0) return undefined;
  const [id] = disturbed(world, emission).map((one) => queue(world, one));
  forgetSettled(world);
  return id;
}

function subscribers({ store }: World, { type }: Emission): Webhook[] {
  const trigger = triggerOf(type);
  const isKnown = MAIL_TRIGGERS.includes(trigger);
  return [...store.webhooks.values()].filter(
    (webhook) => isDelivering(webhook) && (webhook.trigger_types.includes(trigger) || !isKnown),
  );
}

function queue(world: World, emission: Emission): string {
  const { store } = world;
  const notification: Notification = {
    id: notificationId(store),
    type: emission.type,
    source: emission.source,
    time: unixNow(world),
    data: { application_id: store.application_id, ...emission.data, object: emission.object },
    webhook_ids: subscribers(world, emission).map((webhook) => webhook.id),
    attempts: 0,
    due_at: now(world) + (emission.delay ?? 0),
    ...(emission.isRepeated && { is_repeated: true }),
    ...(emission.isForged && { is_forged: true }),
  };
  store.notifications.set(notification.id, structuredClone(notification));
  return notification.id;
}

/** Notifies of a message. While the grant is expired Nylas does not see the mailbox, so nothing is sent. */
export function announceMessage(
  world: World,
  message: StoredMessage,
  type: "message.created" | "message.updated" | "message.deleted",
): void {
  const grant = world.store.grants.get(message.grant_id);
  if (grant?.grant_status !== "valid") return;
  const { id, grant_id, object } = message;
  emit(world, {
    type,
    source: `/${grant.provider}/emails/realtime`,
    object: type === "message.deleted" ? { id, grant_id, object } : messageObject(message, "standard"),
  });
}

/** Notifies of a change of a grant. @param more is added to the common fields of grant notifications */
export function announceGrant(
  world: World,
  grant: Grant,
  type: string,
  code: number,
  more: Record<string, unknown> = {},
  delay = 0,
): void {
  const { id: grant_id, provider, email, name } = grant;
  const shared = { code, grant_id, integration_id: world.store.application_id, provider, email };
  const object = { ...shared, ...(name !== undefined && { name }), ...more };
  emit(world, { type, source: "/nylas/system", object, delay });
}

/** Notifies of a new grant, and for IMAP 5 s later of its completed sync. */
export function announceGrantCreated(world: World, grant: Grant): void {
  const login = { login_id: objectId(world.store, "google"), scope: grant.scope };
  announceGrant(world, grant, "grant.created", 25012, login);
  if (grant.provider !== "imap") return;
  const type = "grant.imap_sync_completed";
  announceGrant(world, grant, type, 25012, { type }, 5_000);
}

function forgetSettled(world: World): void {
  const { notifications } = world.store;
  if (notifications.size <= REMEMBERED) return;
  for (const notification of notifications.values()) {
    if (notifications.size <= REMEMBERED) return;
    if (notification.due_at === undefined) notifications.delete(notification.id);
  }
}
