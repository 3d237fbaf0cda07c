import * as z from "zod/mini";
import { InboxItemResponse, ThreadSummary } from "../items/responses.ts";
import { STATES } from "./presence-schemas.ts";

/** The totals of an account's lists: those of `GET /inbox/unread-counts`. */
export const CountsResponse = z.object({
  account_id: z.uuid(),
  /** These two are null if they have changed like `message_count`: the user has not touched the message. */
  unread_count: z.nullable(z.int()),
  inbox_count: z.nullable(z.int()),
  message_count: z.int(),
  thread_count: z.int(),
});
export type CountsResponse = z.infer<typeof CountsResponse>;

/** What has changed, as it is now. Null if the event cannot tell: then the lists must be read again. */
export interface EventDetails {
  items?: InboxItemResponse[] | null;
  thread?: ThreadSummary | null;
  counts?: CountsResponse | null;
}

/** What every event has. What does not apply is null, or absent for `account_id`. */
const subject = {
  thread_id: z.nullable(z.uuid()),
  message_id: z.nullable(z.uuid()),
  company_id: z.nullable(z.int()),
  account_id: z.optional(z.uuid()),
};
const items = z.nullable(z.array(InboxItemResponse));
const thread = z.nullable(ThreadSummary);
const counts = z.nullable(CountsResponse);

export const ItemEvent = z.object({
  type: z.enum(["message.created", "inbox.updated"]),
  ...subject,
  items,
  counts,
});
export const MessageUpdatedEvent = z.object({
  type: z.literal("message.updated"),
  ...subject,
  items,
  thread,
  counts,
});
export const ThreadEvent = z.object({
  type: z.enum(["thread.created", "thread.updated"]),
  ...subject,
  thread,
  counts,
});
/** An event that names only what has changed. */
export const ChangeEvent = z.object({
  type: z.enum([
    "message.deleted",
    "thread.deleted",
    "account.updated",
    "account.synced",
    "grant.expired",
    "message.delivery_updated",
    "message.opened",
    "message.link_clicked",
    "outbox.updated",
  ]),
  ...subject,
});
export const ResyncEvent = z.object({
  type: z.literal("resync"),
  thread_id: z.null(),
  message_id: z.null(),
  company_id: z.null(),
});

// Only in the stream: these are not in the log.

export const ConnectedEvent = z.object({ message: z.literal("connected"), user_id: z.int() });
export const PresenceEvent = z.object({
  type: z.literal("presence"),
  thread_id: z.uuid(),
  message_id: z.null(),
  company_id: z.int(),
  user_id: z.int(),
  /** The name in the user's token. */
  name: z.nullable(z.string()),
  state: z.enum(STATES),
});

/** The position after this event, for `since` and Last-Event-ID. */
const id = z.string();

export const LoggedEvent = z.discriminatedUnion("type", [
  z.extend(ItemEvent, { id }),
  z.extend(MessageUpdatedEvent, { id }),
  z.extend(ThreadEvent, { id }),
  z.extend(ChangeEvent, { id }),
  z.extend(ResyncEvent, { id }),
]);

export const EventListResponse = z.object({
  items: z.array(LoggedEvent),
  /** The position after all of these events. */
  position: z.string(),
  has_more: z.boolean(),
});
export type EventListResponse = z.infer<typeof EventListResponse>;

export const TicketResponse = z.object({
  ticket: z.string(),
  /** In seconds. */
  expires_in: z.int(),
});
export type TicketResponse = z.infer<typeof TicketResponse>;

export const PresenceResponse = z.object({
  thread_id: z.uuid(),
  state: z.enum(STATES),
  /** In seconds: repeat the request before then. 0 after `left`. */
  expires_in: z.int(),
  /** The other users in the thread. */
  others: z.array(z.object({ user_id: z.int(), name: z.nullable(z.string()), state: z.enum(STATES) })),
});
export type PresenceResponse = z.infer<typeof PresenceResponse>;
