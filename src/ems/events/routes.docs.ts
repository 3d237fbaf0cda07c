import type { EventDoc, RouteDocs } from "../../platform/docs.ts";

export const docs: RouteDocs = {
  "GET /sse/events": {
    id: "streamEvents",
    summary: "Stream events",
    description:
      "Server-Sent Events of the token's companies. A stream begins with `connected`, and sends a comment when nothing has happened for 15 seconds. It ends after 24 to 30 minutes, or before its token expires.",
    security: ["bearer", "ticket", "token"],
    parameters: [
      {
        in: "header",
        name: "Last-Event-ID",
        description:
          "The id of the last event received, or a position of a list: what came since is sent first.",
      },
      { in: "query", name: "last_event_id", description: "The same, for a new stream." },
      { in: "query", name: "lastEventId", description: "The same, under a common polyfill's name." },
    ],
    responses: {
      200: {
        description: "The stream. `x-events` lists its events, and the schema of the `data` of each.",
        type: "text/event-stream",
        headers: ["X-Accel-Buffering", "Content-Encoding"],
      },
      401: {
        description: "The token or ticket is missing, invalid, used or expired.",
        headers: ["WWW-Authenticate"],
      },
      429: {
        description: "Too many refused streams from this address.",
        headers: ["Retry-After", "RateLimit-Policy", "RateLimit"],
      },
      503: { description: "The database is busy. Try again.", headers: ["Retry-After"] },
    },
  },
  "POST /sse/ticket": {
    id: "createTicket",
    summary: "Get a ticket for a stream",
    description: "It opens one stream within 60 seconds, so that no token is in a URL.",
  },
  "GET /events": {
    id: "listEvents",
    summary: "Read events by polling",
    description: "The events of the stream since a position, oldest first.",
  },
};

/** The events of the stream, by name. Those with `items`, `thread` or `counts` tell what has changed; null: read again. */
export const events: Record<string, EventDoc> = {
  connected: { data: "ConnectedEvent", description: "The stream is open." },
  "message.created": { data: "ItemEvent", description: "A message has come in or was sent." },
  "message.updated": { data: "MessageUpdatedEvent", description: "A message has changed or was moved." },
  "message.deleted": { data: "ChangeEvent", description: "A message is gone." },
  "thread.created": { data: "ThreadEvent", description: "A thread has begun." },
  "thread.updated": { data: "ThreadEvent", description: "A thread or its list of messages has changed." },
  "thread.deleted": { data: "ChangeEvent", description: "A thread is gone, or is now part of another." },
  "inbox.updated": {
    data: "ItemEvent",
    description:
      "Only to the user who read, starred or archived: the entry of `message_id`, or of the whole thread when it is null.",
  },
  "account.updated": {
    data: "ChangeEvent",
    description: "The account `account_id` has changed. All have when it is absent: one was erased.",
  },
  "account.synced": { data: "ChangeEvent", description: "The account's history is read." },
  "grant.expired": { data: "ChangeEvent", description: "The mailbox's owner must sign in again." },
  "message.delivery_updated": {
    data: "ChangeEvent",
    description: "The outcome of an outbound message is known.",
  },
  "message.opened": { data: "ChangeEvent", description: "A recipient has opened a message." },
  "message.link_clicked": {
    data: "ChangeEvent",
    description: "A recipient has clicked a link of a message.",
  },
  "outbox.updated": { data: "ChangeEvent", description: "Only to the sender: an outbox entry has changed." },
  presence: {
    data: "PresenceEvent",
    description: "A colleague views, answers or has left a thread. It has no id and is not in the log.",
  },
  resync: { data: "ResyncEvent", description: "Events may be missing: read the lists again." },
};
