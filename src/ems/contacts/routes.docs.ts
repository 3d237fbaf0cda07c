import type { RouteDocs } from "../../platform/docs.ts";

export const docs: RouteDocs = {
  "GET /contacts": {
    id: "listContacts",
    summary: "Suggest addresses to write to",
    description:
      "Senders of mail in the caller's mailboxes, by address, other than in junk and trash. At most 20 of the caller's companies are looked at, and 100 mailboxes.",
  },
};
