import type { ResponseDoc, RouteDocs } from "../../../platform/docs.ts";
import { SENDING } from "../routes.docs.ts";

const CHANGED: ResponseDoc = {
  description: "It has another version, or is being sent. The body has the current draft.",
  schemas: ["DraftConflictResponse"],
};
const draft = (description: string): ResponseDoc => ({ description, headers: ["ETag"] });
const NO_ACCESS = "No access to the email account, whether it exists or not.";

export const docs: RouteDocs = {
  "GET /drafts": {
    id: "listDrafts",
    summary: "List drafts",
    description: "A company's drafts are shared. Last changed first.",
  },
  "POST /drafts": {
    id: "createDraft",
    summary: "Create a draft",
    responses: {
      201: draft("The draft."),
      403: NO_ACCESS,
      404: "The message that it answers, or a file, does not exist for the caller.",
    },
  },
  "GET /drafts/:draft_id": { id: "getDraft", summary: "Show a draft", responses: { 200: draft("OK") } },
  "GET /drafts/:draft_id/files": {
    id: "listDraftFiles",
    summary: "List a draft's files",
    description:
      "Their names, by `attachment_ids`. `GET /attachments/{attachment_id}/download` has a link to each.",
  },
  "PATCH /drafts/:draft_id": {
    id: "updateDraft",
    summary: "Change a draft",
    ifMatch: true,
    responses: { 200: draft("The changed draft."), 403: NO_ACCESS, 409: CHANGED },
  },
  "DELETE /drafts/:draft_id": {
    id: "deleteDraft",
    summary: "Delete a draft",
    ifMatch: true,
    responses: { 204: "Deleted.", 409: CHANGED },
  },
  "POST /drafts/:draft_id/send": {
    id: "sendDraft",
    summary: "Send a draft",
    description:
      "A draft that was sent is gone. With `thread_version` a reply is sent only if you have seen the whole thread.",
    ifMatch: true,
    responses: {
      ...SENDING,
      409: {
        description:
          "It has another version (`draft`), its thread has (`messages`), or an earlier version was or may have been sent (`outbox_id`, `state`): `again` sends this one as well.",
        schemas: [
          "DraftConflictResponse",
          "OutboxConflictResponse",
          "ThreadConflictResponse",
          "ErrorResponse",
        ],
      },
    },
  },
};
