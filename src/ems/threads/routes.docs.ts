import type { RouteDocs } from "../../platform/docs.ts";

export const docs: RouteDocs = {
  "GET /threads": {
    id: "listThreads",
    summary: "List threads",
    description: "The most recently active first.",
    responses: { 200: { description: "OK", headers: ["Last-Event-ID"] } },
  },
  "GET /threads/:thread_id": {
    id: "getThread",
    summary: "Show a thread with its messages",
    description: "Oldest message first. The `ETag` is its version: send a reply with it as `If-Match`.",
    responses: { 200: { description: "OK", headers: ["ETag"] } },
  },
  "PATCH /threads/:thread_id": {
    id: "updateThread",
    summary: "Protect a thread from deletion",
    responses: { 200: { description: "The thread.", headers: ["ETag"] } },
  },
  "POST /threads/:thread_id/presence": {
    id: "announcePresence",
    summary: "Tell colleagues that you view or answer a thread",
    description: "Repeat it within `expires_in` seconds.",
  },
};
