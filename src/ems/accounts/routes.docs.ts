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
  "GET /accounts/connect": {
    id: "beginConnect",
    summary: "Begin to connect a mailbox by its owner's sign-in",
    description:
      'Call it with `fetch`, then send the browser to `url`, where the mailbox\'s owner signs in. It comes back to `return_to`, which must be on this host or on an origin in `CORS_ORIGINS`, with one of: `account_id`; `error` and `detail`; `code` and `state`, for `POST /accounts/connect`. With the cookie of this response (`credentials: "include"`) the mailbox is connected at once; a browser that keeps no cookies of other sites gets `code` and `state`. Without `provider` the owner chooses. `error` is `access_denied`, `expired`, `invalid` (for most: the address is taken), `provider_failed`, `unavailable` or `internal`.',
    responses: {
      200: { description: "Where the owner signs in.", headers: ["Set-Cookie"] },
      403: "The company is not in the token.",
      503: "Sign-ins are not set up.",
    },
  },
  "GET /accounts/connect/callback": {
    id: "returnFromSignIn",
    summary: "Come back from the sign-in of a mailbox's owner",
    description: "Only for browsers that the mail provider sends. The state authorises it.",
    security: [],
    parameters: [
      { in: "query", name: "error", description: "Why there is no code, in the provider's words." },
    ],
    responses: {
      302: { description: "To the `return_to` of the sign-in.", headers: ["Location"] },
      400: { description: "The state is unknown, or was removed after its expiry." },
      503: { description: "The database is busy. Try again.", headers: ["Retry-After"] },
    },
  },
  "POST /accounts/connect": {
    id: "finishConnect",
    summary: "Finish connecting a mailbox",
    description:
      "With the `code` and `state` that came back to `return_to`, by the user who began. A mailbox that is disconnected in the same company is connected again, with its history.",
    responses: {
      201: "The account.",
      400: "The state is unknown, used, expired or another user's; the code is bad; or the address is taken.",
      403: "The company is not in the token.",
      502: "The mail provider failed. Begin again.",
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
