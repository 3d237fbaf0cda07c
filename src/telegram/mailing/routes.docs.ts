import type { RouteDocs } from "../../platform/docs.ts";

export const docs: RouteDocs = {
  "GET /api/v1/auto-mailing/mailing/:telegramId": {
    id: "getMailing",
    summary: "Get the mailing",
    description: "Its settings, and how far it is.",
  },
  "PATCH /api/v1/auto-mailing/mailing/:telegramId/interval": {
    id: "updateInterval",
    summary: "Change how often and how long",
    description: "Not while the mailing runs.",
  },
  "POST /api/v1/auto-mailing/mailing/:telegramId/start": {
    id: "startMailing",
    summary: "Start the mailing",
    description: "The first run begins at once. A mailing that runs already goes on.",
  },
  "POST /api/v1/auto-mailing/mailing/:telegramId/stop": {
    id: "stopMailing",
    summary: "Stop the mailing",
    description: "Ends a run that goes on, too.",
  },
};
