import type { RouteDocs } from "../../platform/docs.ts";

export const docs: RouteDocs = {
  "GET /api/v1/auto-mailing/mailing/:telegramId/runs": {
    id: "listRuns",
    summary: "List runs",
    description: "Newest first.",
  },
  "GET /api/v1/auto-mailing/mailing/:telegramId/runs/:run{[0-9]+}": {
    id: "getRun",
    summary: "Get a run",
    description: "What became of each group. `run` is the `id` of a run in the list, not its `number`.",
  },
};
