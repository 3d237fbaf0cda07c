import type { ResponseDoc, RouteDocs } from "../../platform/docs.ts";

/** What every route that sends may respond with. */
export const SENDING: Record<number, string | ResponseDoc> = {
  200: "Sent: the stored message.",
  202: "It waits for its time in the outbox, and can be cancelled until then.",
  403: "No access to the email account, whether it exists or not.",
  404: "The message that it answers, or a file, does not exist for the caller.",
  413: "The mail with its files is too large.",
  502: {
    description: "The mail provider failed. `state` says whether the mail was sent.",
    schemas: ["SendFailureResponse"],
    headers: ["Retry-After"],
  },
};

const SEEN: ResponseDoc = {
  description:
    "Others have written in this thread since (`messages`), the account is disconnected, or another request is sending this mail.",
  schemas: ["ThreadConflictResponse", "OutboxConflictResponse", "ErrorResponse"],
};

export const docs: RouteDocs = {
  "POST /messages/send": {
    id: "sendMessage",
    summary: "Send a message",
    description: "At once, or later by `undo_seconds` or `send_at`. Replies with `reply_to_message_id`.",
    ifMatch: true,
    responses: { ...SENDING, 409: SEEN },
  },
  "POST /messages/:message_id/reply": {
    id: "replyToMessage",
    summary: "Reply to a message",
    description:
      "Lands in the original's thread. With `If-Match` it is sent only if you have seen the whole thread.",
    ifMatch: true,
    responses: { ...SENDING, 409: SEEN },
  },
  "POST /messages/:message_id/reply-all": {
    id: "replyToAll",
    summary: "Reply to all",
    description: "Recipients and subject follow from the original.",
    ifMatch: true,
    responses: { ...SENDING, 409: SEEN },
  },
  "POST /messages/:message_id/forward": {
    id: "forwardMessage",
    summary: "Forward a message",
    description: "Takes the original's files along.",
    ifMatch: true,
    responses: { ...SENDING, 409: SEEN },
  },
  "GET /messages/:message_id/compose": {
    id: "composeMessage",
    summary: "Prefill a reply or forward",
    description: "Account, recipients, subject and quote to start from.",
  },
  "GET /outbox": {
    id: "listOutbox",
    summary: "List the outbox",
    description: "What the company has sent or will send, newest first.",
  },
  "GET /outbox/:outbox_id": { id: "getOutboxEntry", summary: "Show an outbox entry" },
  "POST /outbox/:outbox_id/cancel": {
    id: "cancelOutboxEntry",
    summary: "Cancel a mail before it is sent",
    responses: { 409: "It is too late." },
  },
};
