import type { RouteDocs } from "./docs.ts";

export const docs: RouteDocs = {
  "GET /health": {
    id: "getHealth",
    summary: "Tell whether the Worker answers",
    security: [],
  },
};
