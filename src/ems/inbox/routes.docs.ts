import type { RouteDoc, RouteDocs } from "../../platform/docs.ts";

const change = (id: string, summary: string): RouteDoc => ({
  id,
  summary,
  description: "Only for the caller. Repeating it changes nothing.",
});

export const docs: RouteDocs = {
  "GET /inbox": {
    id: "listInbox",
    summary: "List the inbox",
    description: "The messages of the caller's companies with the caller's own state, newest first.",
    responses: { 200: { description: "OK", headers: ["Last-Event-ID"] } },
  },
  "GET /inbox/unread-counts": {
    id: "countUnread",
    summary: "Count unread messages",
    description: "Per mailbox, with the totals of its lists.",
  },
  "GET /inbox/:inbox_id": { id: "getInboxEntry", summary: "Show an inbox entry" },
  "PATCH /inbox": {
    id: "changeInboxEntries",
    summary: "Change up to 100 inbox entries",
  },
  "PATCH /inbox/:inbox_id/star": {
    id: "starInboxEntry",
    summary: "Star a message",
    description:
      "Without a body it toggles the star. Set it by `is_starred`, so that a retry changes nothing.",
  },
  "PATCH /inbox/threads/:thread_id/read": {
    id: "readThread",
    summary: "Mark a thread as read",
  },
  "PATCH /inbox/:inbox_id/read": change("readInboxEntry", "Mark as read"),
  "PATCH /inbox/:inbox_id/unread": change("unreadInboxEntry", "Mark as unread"),
  "PATCH /inbox/:inbox_id/unstar": change("unstarInboxEntry", "Remove the star"),
  "PATCH /inbox/:inbox_id/archive": change("archiveInboxEntry", "Archive a message"),
  "PATCH /inbox/:inbox_id/unarchive": change("unarchiveInboxEntry", "Put a message back into the inbox"),
};
