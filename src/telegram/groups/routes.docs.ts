import type { RouteDocs } from "../../platform/docs.ts";

const BASE = "/api/v1/auto-mailing/groups/:telegramId";

export const docs: RouteDocs = {
  [`GET ${BASE}`]: {
    id: "listTelegramGroups",
    summary: "List groups",
    description:
      "All groups that the user's accounts may write in, each once, also those that get no posts because the user excludes them or the operator blocks them. `type` is 0 for a public group, 1 for a private one. An id stays the group's own.",
  },
  [`GET ${BASE}/sync`]: {
    id: "syncTelegramGroups",
    summary: "Look groups up",
    description:
      "Answers at once with an empty list, and looks the groups up in the background, at most once a minute. Ask for the list a little later.",
  },
  [`GET ${BASE}/excluded`]: {
    id: "listExcludedTelegramGroups",
    summary: "List excluded groups",
    description: "The ids of the listed groups that the user wants no posts in.",
  },
  [`PUT ${BASE}/excluded`]: {
    id: "excludeTelegramGroups",
    summary: "Exclude groups",
    description:
      "Keeps posts out of these groups, and out of no others that are listed. An excluded group that is not listed now stays excluded.",
  },
};
