import * as z from "zod/mini";
import { type Infer, lazy } from "../../../lib/lazy.ts";
import { countOf, fieldsOf, itemsOf, numberOf, textOf } from "../../../lib/lenient.ts";
import { messageIdsIn } from "../../../lib/message-ids.ts";
import { clampTime } from "../../../lib/time.ts";
import type { Change, DeliveryChange, Push } from "../changes.ts";
import { readMessage, readMessageId } from "./message.ts";

/**
 * A notification of Nylas. Only used fields are named, since undocumented ones occur. The grant's id is in one of two
 * places, depending on the trigger.
 */
export const Notification = lazy(() =>
  z.object({
    id: z.string().check(z.minLength(1), z.maxLength(200)),
    type: z.string().check(z.minLength(1), z.maxLength(200)),
    /** Seconds since the epoch. */
    time: z.optional(z.number()),
    data: z.looseObject({
      grant_id: z.nullish(z.string()),
      object: z.nullish(z.looseObject({ grant_id: z.nullish(z.string()) })),
    }),
  }),
);
export type Notification = Infer<typeof Notification>;

/**
 * Reads a notification.
 * @param body its JSON
 * @param receivedAt seconds since the epoch
 * @throws ZodError for what is no notification; one that lacks only what its trigger needs is `unreadable`
 */
export function readPush(body: unknown, receivedAt: number): Push {
  const notification = Notification().parse(body);
  const { id, type, time, data } = notification;
  const { trigger, flags } = parseTrigger(type);
  const occurred_at = time === undefined ? null : clampTime(time, receivedAt);
  return {
    id,
    type,
    grant_id: data.grant_id ?? data.object?.grant_id ?? null,
    occurred_at,
    observed_at: (occurred_at ?? receivedAt) * 1000 + (WITHIN_SECOND[trigger] ?? 0),
    change: readChange(trigger, { notification, flags, receivedAt }),
  };
}

/** Nylas reports whole seconds. These offsets order what happens within one: creation, update, deletion. */
const WITHIN_SECOND: Record<string, number> = { "message.updated": 1, "message.deleted": 2 };

/** Suffixes of a trigger, in any combination: the object is not the stored one as a whole. */
const FLAGS = ["truncated", "transformed", "metadata", "cleaned"];

/**
 * Splits a trigger's name: `message.created.cleaned.truncated` is `message.created` with two flags. Any other suffix
 * makes it another trigger. The object of `message.opened.legacy`, for one, has another shape.
 */
export function parseTrigger(type: string): { trigger: string; flags: Set<string> } {
  const [object = "", action = "", ...suffixes] = type.split(".");
  const isKnown = suffixes.every((suffix) => FLAGS.includes(suffix));
  return isKnown
    ? { trigger: `${object}.${action}`, flags: new Set(suffixes) }
    : { trigger: type, flags: new Set() };
}

interface Received {
  notification: Notification;
  flags: Set<string>;
  /** Seconds since the epoch. */
  receivedAt: number;
}

function readChange(trigger: string, received: Received): Change {
  const read = TRIGGERS[trigger];
  if (!read) return { kind: "ignored", reason: "There is nothing to do for this trigger" };
  try {
    return read(received);
  } catch (error) {
    return { kind: "unreadable", error: error as Error };
  }
}

function messageChange({ notification, flags, receivedAt }: Received): Change {
  const { object, is_history } = notification.data;
  const message = readMessage(object, receivedAt);
  // A body that was cut, left out or converted to Markdown must not replace the stored one.
  const isPartial = flags.has("truncated") || flags.has("metadata") || flags.has("cleaned");
  if (isPartial) delete message.body;
  // Files may have been left out as well.
  if (flags.has("truncated") || flags.has("metadata")) delete message.attachments;
  const isTold = (field: unknown) => field !== undefined && field !== null;
  const isPresentable = [object?.from, object?.date, object?.body].every(isTold);
  return { kind: "message", message, isPartial, isPresentable, isHistory: is_history === true };
}

const deletion = ({ notification }: Received): Change => ({
  kind: "message_deleted",
  messageId: readMessageId(notification.data.object),
});

// The outcome of a sent mail. Nylas's published examples and schemas disagree on where these fields are, and require
// almost none. So every place is read, and only the mail must be named.

const sendSuccess = (received: Received): Change =>
  deliveryChange({ state: "sent", providerIds: [objectOf(received).id], detail: null });

function sendFailure(received: Received): Change {
  const object = objectOf(received);
  const { reason, error } = received.notification.data;
  const reasons = [reason, object.reason, fieldsOf(error).message, fieldsOf(object.error).message];
  const [detail = null] = reasons.flatMap((each) => textOf(each) ?? []);
  return deliveryChange({ state: "failed", providerIds: [object.id], detail });
}

function bounce(received: Received): Change {
  const object = objectOf(received);
  const origin = fieldsOf(object.origin);
  const address = (itemsOf(object.bounced_addresses, textOf) ?? []).join(", ");
  const detail = [address, textOf(object.code), textOf(object.bounce_reason)].filter(Boolean).join(": ");
  const providerIds = [origin.id, object.message_id];
  return deliveryChange({ state: "bounced", providerIds, messageIds: [origin.mime_id], detail });
}

const deliveryChange = ({
  state,
  providerIds,
  messageIds = [],
  detail,
}: Pick<DeliveryChange, "state" | "detail"> & {
  providerIds: unknown[];
  messageIds?: unknown[];
}): DeliveryChange => ({
  kind: "delivery",
  state,
  providerIds: providerIds.flatMap((id) => textOf(id) ?? []),
  messageIds: messageIds.flatMap((id) => messageIdsIn(bracketed(textOf(id) ?? "")).map(({ id }) => id)),
  detail,
});

/** Nylas omits the angle brackets. */
const bracketed = (id: string): string => (id.includes("<") ? id : `<${id}>`);

function opened(received: Received): Change {
  const { message_id, message_data } = objectOf(received);
  const count = countOf(fieldsOf(message_data).count) ?? 1;
  return { kind: "opened", messageId: textOf(message_id) ?? null, count };
}

/** The clicks on all links of the mail together. */
function clicked(received: Received): Change {
  const { message_id, link_data } = objectOf(received);
  const counts = itemsOf(link_data, (link) => countOf(fieldsOf(link).count)) ?? [1];
  const sum = counts.reduce((total, each) => total + each, 0);
  const count = Math.min(sum, Number.MAX_SAFE_INTEGER);
  return { kind: "clicked", messageId: textOf(message_id) ?? null, count };
}

/** Nylas's code for a new sign-in. Other changes of a grant have other codes. */
const REAUTHENTICATED = 25027;

function grantUpdate(received: Received): Change {
  const { reauthentication_flag: flag, code } = objectOf(received);
  const isRenewed = typeof flag === "boolean" ? flag : numberOf(code) === REAUTHENTICATED;
  return { kind: isRenewed ? "grant_renewed" : "grant_changed" };
}

const objectOf = ({ notification }: Received): Record<string, unknown> => fieldsOf(notification.data.object);

const always = (change: Change) => (): Change => change;
const foldersChanged = always({ kind: "folders_changed" });

/** The triggers that Xabar understands. */
const TRIGGERS: Record<string, (received: Received) => Change> = {
  "message.created": messageChange,
  "message.updated": messageChange,
  "message.deleted": deletion,
  "message.send_success": sendSuccess,
  "message.send_failed": sendFailure,
  "message.bounce_detected": bounce,
  "message.opened": opened,
  "message.link_clicked": clicked,
  // The reply itself comes as message.created.
  "thread.replied": always({ kind: "redundant" }),
  "grant.created": always({ kind: "grant_changed" }),
  "grant.updated": grantUpdate,
  "grant.expired": always({ kind: "grant_expired" }),
  "grant.deleted": always({ kind: "grant_deleted" }),
  "grant.imap_sync_completed": always({ kind: "grant_synced" }),
  "folder.created": foldersChanged,
  "folder.updated": foldersChanged,
  "folder.deleted": foldersChanged,
};
