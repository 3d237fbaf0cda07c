import type { RouteDocs } from "../../platform/docs.ts";

const readAt = { description: "OK", headers: ["Last-Event-ID"] };

export const docs: RouteDocs = {
  "GET /accounts": {
    id: "listAccounts",
    summary: "List mailboxes",
    description: "The email accounts of the companies in the token.",
    responses: { 200: readAt },
  },
  "POST /accounts": {
    id: "connectAccount",
    summary: "Connect a mailbox",
    description:
      "A `grant_id` proves the address: the account starts `syncing`, and becomes `active` when its history is read. Without one it is `disconnected`. An address that is disconnected in the same company is connected again, with its history.",
    responses: {
      201: "The account.",
      400: "The address or the grant is taken, or the grant belongs to another address.",
      403: "The company is not in the token.",
      502: "The mail provider failed.",
      503: "The mailbox's history could not be queued; connect it again.",
    },
  },
  "GET /accounts/:account_id": { id: "getAccount", summary: "Show a mailbox" },
  "PATCH /accounts/:account_id": {
    id: "updateAccount",
    summary: "Change a mailbox's display name or status",
  },
  "DELETE /accounts/:account_id": {
    id: "disconnectAccount",
    summary: "Disconnect a mailbox",
    description:
      "Revokes the grant and keeps all mail. Repeating it changes nothing. With `erase=true` the mail is deleted for good.",
    responses: {
      204: "Disconnected, or erased.",
      403: "Erasing needs the role `admin`.",
      502: "The mail provider failed.",
    },
  },
  "GET /accounts/:account_id/sync": {
    id: "getAccountSync",
    summary: "Show how far a mailbox is read",
    description: "Progress of its history, of notifications and of sweeps, and the last error.",
  },
};
