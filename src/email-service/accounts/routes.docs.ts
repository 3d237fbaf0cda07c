import type { RouteDocs } from "../../platform/docs.ts";

const verify =
  "With `verify=true` the mailbox logs in first: settings that the mail server refuses are 400, and nothing is stored.";

export const docs: RouteDocs = {
  "GET /api/accounts": {
    id: "listAccounts",
    summary: "List email accounts",
    description: "Your own; with the role `admin`, all of the tenant. Oldest first.",
  },
  "POST /api/accounts": {
    id: "createAccount",
    summary: "Create an email account",
    description: `Answers without waiting for the mail server, and reads the mailbox soon after: \`state\` and \`lastError\` say how it went. ${verify} Give a \`password\`, or \`auth\` for OAuth2. An address that you have deleted within 90 days comes back with its id and its messages.`,
    responses: {
      201: "The account.",
      409: "`EMAIL_DUPLICATE`: the tenant has this address.",
      500: "`KEYS_MISSING`: the operator has set no key to seal passwords with.",
    },
  },
  "GET /api/accounts/:accountId": {
    id: "getAccount",
    summary: "Get an email account",
    description: "As its mailbox is now, or as it last told if it does not answer.",
  },
  "PUT /api/accounts/:accountId": {
    id: "updateAccount",
    summary: "Update an email account",
    description: `What is left out stays. The address cannot be changed. A new server or login is tried soon after. ${verify}`,
    responses: { 409: "Others keep changing the account. Try again." },
  },
  "DELETE /api/accounts/:accountId": {
    id: "deleteAccount",
    summary: "Delete an email account",
    description:
      "Destroys its passwords and tokens at once, and stops. Its messages are kept for 90 days, and erased after that.",
    responses: { 204: "Deleted." },
  },
  "POST /oauth/:provider{google|microsoft}/start": {
    id: "startSignIn",
    summary: "Connect a mailbox by its owner's sign-in",
    description:
      'Send the browser to `url`. It comes back to the callback, which creates the account. Call this by `fetch` with `credentials: "include"` from a page of the same site: the cookie proves at the return that it is the same browser. With `returnTo`, a path of this host or a URL of an origin in `CORS_ORIGINS`, the browser ends there with `accountId`, or with `error` and `message`.',
    responses: {
      200: { description: "Where the owner signs in.", headers: ["Set-Cookie"] },
      409: "`EMAIL_DUPLICATE`: the tenant has this address.",
    },
  },
  "GET /oauth/:provider{google|microsoft}/callback": {
    id: "returnFromSignIn",
    summary: "Come back from a sign-in",
    description: "Only for browsers that the provider sends. The cookie authorises it.",
    security: [],
    responses: {
      200: "The account.",
      302: { description: "To the `returnTo` of the sign-in.", headers: ["Location"] },
      404: { description: "The mailbox does not know the sign-in." },
      409: { description: "`EMAIL_DUPLICATE`: the tenant has this address." },
    },
  },
};
