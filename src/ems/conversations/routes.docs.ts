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
};
