import type { RouteDocs } from "../../platform/docs.ts";

const peer = "`peer` is as in the Bot API: `-id` of a basic group, `-1000000000000 - id` of a supergroup.";

export const docs: RouteDocs = {
  "GET /telegram/blocked-groups": {
    id: "listBlockedTelegramGroups",
    summary: "List blocked groups",
    description: "Groups that no mailing posts to, by `peer`, in pages.",
  },
  "PUT /telegram/blocked-groups/:peer": {
    id: "blockTelegramGroup",
    summary: "Block a group",
    description: `Keeps the mailings of all users out of a group, from their next runs on: somebody who runs it has asked for it. ${peer}`,
  },
  "DELETE /telegram/blocked-groups/:peer": {
    id: "unblockTelegramGroup",
    summary: "Unblock a group",
    description: peer,
    responses: { 204: "Unblocked." },
  },
};
