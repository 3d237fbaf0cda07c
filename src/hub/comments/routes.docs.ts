import type { RouteDocs } from "../../platform/docs.ts";

export const docs: RouteDocs = {
  "GET /api/comments/comment": {
    id: "listOpenComments",
    summary: "List open comments",
    description: "The newest first: the last 100, or pages. Anybody reads them.",
    security: [],
  },
  "POST /api/comments/comment": {
    id: "createOpenComment",
    summary: "Write an open comment",
    description: "Anybody may, 10 times a minute and address. 1 to 2,000 characters.",
    security: [],
    responses: { 201: "The comment." },
  },
};
