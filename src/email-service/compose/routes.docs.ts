import type { RouteDocs } from "../../platform/docs.ts";

const KEY = {
  in: "header" as const,
  name: "Idempotency-Key",
  description: "1 to 255 visible ASCII characters. A key makes one mail, however often it comes.",
  schema: { type: "string", minLength: 1, maxLength: 255 },
};

export const docs: RouteDocs = {
  "POST /api/compose/send": {
    id: "sendEmail",
    summary: "Send a mail",
    description:
      "The task tells how it went. `SEND_UNKNOWN` means that the connection was lost after the whole mail was sent: look for it before you send it again.",
    parameters: [KEY],
    responses: {
      202: { description: "Accepted", headers: ["Idempotent-Replayed"] },
      409: "`KEY_REUSED`: the key was used for another mail.",
    },
  },
  "POST /api/compose/draft": {
    id: "saveDraft",
    summary: "Save a draft",
    description: "It may lack recipients, subject and body. With `draftId` it replaces that draft.",
  },
};
