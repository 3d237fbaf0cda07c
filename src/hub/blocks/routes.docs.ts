import type { RouteDocs } from "../../platform/docs.ts";

const pk = "`pk` is the id of the blocked user.";

export const docs: RouteDocs = {
  "GET /api/accounts/account/block": {
    id: "listBlocks",
    summary: "List blocked users",
    description: "Whom you have blocked, the newest first; without `page`, at most 1,000.",
  },
  "POST /api/accounts/account/block": {
    id: "blockUser",
    summary: "Block a user",
    description:
      "From now on neither sees the other anywhere, and each looks absent to the other. Both lose the other as contact. Likes stay counted.",
    responses: { 201: "The block.", 400: "Yourself, somebody blocked already, or nobody whom you see." },
  },
  "GET /api/accounts/account/block/:pk{[0-9]{1,15}}": {
    id: "getBlock",
    summary: "Get a blocked user",
    description: pk,
  },
  "DELETE /api/accounts/account/block/:pk{[0-9]{1,15}}": {
    id: "unblockUser",
    summary: "Unblock a user",
    description: `${pk} Contacts do not come back.`,
    responses: { 204: "Unblocked." },
  },
};
