import type { RouteDocs } from "../../platform/docs.ts";

export const docs: RouteDocs = {
  "POST /api/sync/:accountId": {
    id: "syncAccount",
    summary: "Sync an account now",
    description:
      "While a sync of the same scope runs, its task is answered. Accounts also sync by themselves.",
  },
  "GET /api/sync/task/:taskId": {
    id: "getSyncStatus",
    summary: "Get the state of a task",
    description:
      "Of a sync or a send, for a day. A failure has a `code` such as `AUTHENTICATION_FAILED` or `SEND_UNKNOWN`.",
  },
};
