import { feedbackOn, isFeedback } from "./feedback.ts";
import { uuid } from "./ids.ts";
import { messageObject } from "./message-object.ts";
import { cleaned } from "./odd-shapes.ts";
import type { Grant, StoredMessage } from "./store.ts";
import type { Emission } from "./triggers.ts";
import { CLEANED, MAIL_TRIGGERS, triggerOf } from "./triggers.ts";
import type { World } from "./world.ts";
import { unixNow } from "./world.ts";

/** The types that Nylas has samples of, beyond the triggers. */
export const SAMPLE_TYPES = [
  ...MAIL_TRIGGERS,
  "message.created.truncated",
  "message.updated.truncated",
  CLEANED,
];

/** A notification of a type, about a mail and a grant that do not exist. */
export function sample(world: World, type: string): Emission {
  const grant = sampleGrant(world);
  const message = sampleMessage(world, grant);
  const { grant_id, id, object } = message;
  const trigger = triggerOf(type);
  const emails = `/${grant.provider}/emails/realtime`;
  if (isFeedback(trigger)) return feedbackOn(world, grant, message, trigger);
  if (trigger.startsWith("grant.")) {
    const { provider, email } = grant;
    return { type, source: "/nylas/system", object: { code: 25012, grant_id, provider, email } };
  }
  if (trigger.startsWith("folder.")) {
    const folder = { grant_id, id: "INBOX", name: "INBOX", object: "folder", system_folder: true };
    return { type, source: emails, object: folder };
  }
  const { body, ...withoutBody } = messageObject(message, "standard");
  if (trigger.startsWith("message.send_")) {
    const reason = { reason: "rejected", error: { type: "api.provider_error", message: "rejected" } };
    const data = { grant_id, ...(trigger === "message.send_failed" && reason) };
    return { type, source: "/nylas/send", data, object: withoutBody };
  }
  if (trigger === "message.deleted") return { type, source: emails, object: { id, grant_id, object } };
  if (type.endsWith(".truncated")) return { type, source: emails, object: withoutBody };
  const whole = { type: trigger, source: emails, object: { ...withoutBody, body } };
  return type.endsWith(".cleaned") ? cleaned(whole) : whole;
}

function sampleGrant(world: World): Grant {
  const at = unixNow(world);
  return {
    id: uuid(world.store),
    provider: "google",
    grant_status: "valid",
    email: "nyla@example.com",
    scope: ["email"],
    created_at: at,
    updated_at: at,
  };
}

function sampleMessage(world: World, grant: Grant): StoredMessage {
  return {
    id: "sample-message",
    grant_id: grant.id,
    object: "message",
    thread_id: "sample-thread",
    subject: "Salom",
    from: [{ email: grant.email, name: "Nyla" }],
    to: [{ email: "leyah@example.com" }],
    cc: [],
    bcc: [],
    reply_to: [],
    date: unixNow(world),
    body: "<p>Salom</p>",
    snippet: "Salom",
    starred: false,
    unread: false,
    folders: ["SENT"],
    attachments: [],
    headers: [{ name: "Message-ID", value: "<sample@example.com>" }],
    sequence: 0,
  };
}
