import { notificationId, objectId } from "./ids.ts";
import { messageObject } from "./message-object.ts";
import type { Grant, Notification, StoredMessage } from "./store.ts";
import { isDelivering } from "./webhook-state.ts";
import type { World } from "./world.ts";
import { now, unixNow } from "./world.ts";

/** How many settled notifications stay for `redeliver`. */
const REMEMBERED = 1_000;

export const MAIL_TRIGGERS = [
  "grant.created",
  "grant.updated",
  "grant.deleted",
  "grant.expired",
  "grant.imap_sync_completed",
  "message.created",
  "message.updated",
  "message.deleted",
  "message.send_success",
  "message.send_failed",
  "message.bounce_detected",
  "message.opened",
  "message.link_clicked",
  "thread.replied",
  "folder.created",
  "folder.updated",
  "folder.deleted",
];

export interface Emission {
  type: string;
  source: string;
  object: unknown;
  /** More fields of `data`, beside `application_id` and `object`. */
  data?: Record<string, unknown>;
  /** Milliseconds until it is due. */
  delay?: number;
}

/**
 * Queues a notification for the webhooks subscribed now; with none it is gone, since Nylas never replays. A type
 * outside the mail triggers goes to every webhook. Returns its id, or undefined when nobody is subscribed.
 */
export function emit(world: World, emission: Emission): string | undefined {
  const { store } = world;
  const [trigger = emission.type] = /^(?:grant|message|thread|folder)\.[a-z_]+/.exec(emission.type) ?? [];
  const subscribers = [...store.webhooks.values()].filter(
    (webhook) =>
      isDelivering(webhook) && (webhook.trigger_types.includes(trigger) || !MAIL_TRIGGERS.includes(trigger)),
  );
  if (subscribers.length === 0) return undefined;

  const notification: Notification = {
    id: notificationId(store),
    type: emission.type,
    source: emission.source,
    time: unixNow(world),
    data: { application_id: store.application_id, ...emission.data, object: emission.object },
    webhook_ids: subscribers.map((webhook) => webhook.id),
    attempts: 0,
    due_at: now(world) + (emission.delay ?? 0),
  };
  store.notifications.set(notification.id, structuredClone(notification));
  forgetSettled(world);
  return notification.id;
}

/** Announces a mail, unless its grant has expired: Nylas then learns of it only at the re-authentication. */
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

/** Announces what happened to a grant; `more` joins the fields that all grant notifications share. */
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

/** Announces a new grant, and for IMAP, a little later, that its mails have been read in. */
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
