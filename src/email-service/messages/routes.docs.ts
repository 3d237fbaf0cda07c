import type { RouteDocs } from "../../platform/docs.ts";

const MESSAGE = "/api/:accountId{c[0-9a-z]{24}}/messages/:messageId";

export const docs: RouteDocs = {
  [`GET ${MESSAGE}`]: {
    id: "getMessage",
    summary: "Get a message",
    description:
      "The body is fetched from the mail server when it is first read. `bodyHtml` is as it came: sanitise it before you show it.",
  },
  [`PATCH ${MESSAGE}`]: {
    id: "updateMessage",
    summary: "Change a message",
    description:
      "Here at once, and at the mail server soon after. `labels` is the whole set. `isSpam` moves the message to the folder for spam, and back to the inbox.",
  },
};
