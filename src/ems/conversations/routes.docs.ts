import type { RouteDocs } from "../../platform/docs.ts";

export const docs: RouteDocs = {
  "GET /conversations": {
    id: "listConversations",
    summary: "List conversations",
    description:
      "The threads with a message in the view, newest first by the newest of these messages. " +
      "A page may be short, or even empty, although more follow: the last one has no `next_cursor`. " +
      "With `is_read=false` a view has unread messages only. " +
      "With `thread_id` there is at most one item: read it again after an event of that thread.",
    responses: { 200: { description: "OK", headers: ["Last-Event-ID"] } },
  },
  "PATCH /conversations/:thread_id": {
    id: "changeConversation",
    summary: "Mark a conversation as read or unread, star it, archive it",
    description:
      "Only for the caller, and for its newest 500 messages, except in junk, trash and drafts. " +
      "`is_read: false` marks the newest received message, and `is_starred: true` stars the newest message. " +
      "To undo, pass the ids in `changed` to `PATCH /inbox` with the opposite value. " +
      "Repeating it changes nothing.",
  },
  "PATCH /conversations": {
    id: "changeConversations",
    summary: "Change up to 100 conversations",
    description: "As for a single one. `changed` has the entries of all of them.",
  },
};
