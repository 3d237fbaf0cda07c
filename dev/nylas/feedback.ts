import { z } from "zod";
import { emit } from "./notifications.ts";
import type { Grant, StoredMessage } from "./store.ts";
import { headerOf } from "./store.ts";
import type { Emission } from "./triggers.ts";
import type { World } from "./world.ts";
import { now, unixNow } from "./world.ts";

const FEEDBACK = [
  "message.bounce_detected",
  "message.opened",
  "message.link_clicked",
  "thread.replied",
] as const;

export type Feedback = (typeof FEEDBACK)[number];

export const feedbackSchema = z.object({
  type: z.enum(FEEDBACK),
  grant: z.string(),
  message_id: z.string(),
});

/** Whether a trigger is about what became of a sent mail. */
export function isFeedback(trigger: string): trigger is Feedback {
  return FEEDBACK.some((known) => known === trigger);
}

/** Announces what became of a sent mail; returns the id of the notification, as `emit` does. */
export function announceFeedback(
  world: World,
  grant: Grant,
  message: StoredMessage,
  type: Feedback,
): string | undefined {
  return emit(world, feedbackOn(world, grant, message, type));
}

/** What Nylas would say of a sent mail that bounced, was opened, clicked in, or answered. */
export function feedbackOn(world: World, grant: Grant, message: StoredMessage, type: Feedback): Emission {
  const source = type === "message.bounce_detected" ? "/nylas/send" : "/com/nylas/tracking";
  const object = type === "message.bounce_detected" ? bounce(world, message) : tracked(world, message, type);
  return { type, source, data: { grant_id: grant.id }, object: { ...object, grant_id: grant.id } };
}

function bounce(world: World, message: StoredMessage) {
  const emails = (list: StoredMessage["to"]) => list.map(({ email }) => email);
  const [bounced = ""] = emails(message.to);
  return {
    bounce_reason: `The email account that you tried to reach does not exist: ${bounced}`,
    bounce_date: new Date(now(world)).toUTCString(),
    bounced_addresses: bounced,
    type: "mailbox_unavailable",
    code: "550",
    message_id: message.id,
    origin: {
      to: emails(message.to),
      from: message.from[0]?.email ?? "",
      cc: emails(message.cc),
      bcc: emails(message.bcc),
      subject: message.subject,
      mime_id: headerOf(message, "Message-ID") ?? "",
      id: message.id,
      original_send_at: new Date(message.date * 1000).toUTCString(),
    },
  };
}

function tracked(world: World, message: StoredMessage, type: Exclude<Feedback, "message.bounce_detected">) {
  const timestamp = unixNow(world);
  const visit = { ip: "192.0.2.1", timestamp, user_agent: "Mozilla/5.0" };
  const shared = {
    message_id: message.id,
    label: message.tracking_options?.label ?? "",
    sender_app_id: world.store.application_id,
    timestamp,
  };
  if (type === "message.opened") {
    const recents = [{ opened_id: 0, ...visit }];
    return { object: "message", ...shared, message_data: { count: 1, timestamp }, recents };
  }
  if (type === "message.link_clicked") {
    const url = /href="([^"]+)"/.exec(message.body)?.[1] ?? "https://example.com/";
    const recents = [{ click_id: 0, link_index: "0", ...visit }];
    return { object: "message", ...shared, link_data: [{ count: 1, url }], recents };
  }
  return {
    object: "thread",
    ...shared,
    root_message_id: message.id,
    reply_to_message_id: message.id,
    thread_id: message.thread_id,
    reply_data: { count: 1 },
    from_self: false,
  };
}
