import type { RouteDocs } from "../../platform/docs.ts";

const FILE_HEADERS = ["Accept-Ranges", "Content-Disposition", "Content-Security-Policy", "ETag"];

export const docs: RouteDocs = {
  "POST /attachments": {
    id: "uploadFiles",
    summary: "Upload files to send",
    description:
      "Up to 20 files, 25 MB in all, to be sent within 30 days: name their ids in `attachment_ids`. HTML shows one inline as `cid:<content_id>`.",
    body: {
      type: "multipart/form-data",
      schema: {
        type: "object",
        properties: {
          company_id: {
            type: "string",
            description:
              "Before the files, instead of the parameter: required with several companies in the token.",
          },
          file: {
            type: "array",
            description: "The files, under any field name.",
            items: { type: "string", contentMediaType: "application/octet-stream" },
          },
        },
      },
    },
    responses: {
      201: "The uploaded files, in order.",
      403: "The company is not in the token.",
      413: "The files are too large.",
    },
  },
  "GET /attachments/message/:message_id": {
    id: "listAttachments",
    summary: "List a message's attachments",
  },
  "GET /attachments/:attachment_id/download": {
    id: "getDownloadUrl",
    summary: "Get a link to a file",
    description: "Of an attachment or an upload. The link works for an hour, without a token.",
    responses: {
      404: "The mail provider no longer has the file.",
      502: "The mail provider failed.",
    },
  },
  "GET /files/:key{[a-z]+/.+}": {
    id: "downloadFile",
    summary: "Download a file",
    description:
      "Only by a link of `GET /attachments/{attachment_id}/download`, whose signature authorises it.",
    security: [],
    parameters: [
      { in: "header", name: "Range", description: "The part to send, such as `bytes=0-1023`." },
      ...["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders"].map(
        (name) => ({ in: "query" as const, name, description: "Part of the signature (SigV4)." }),
      ),
      { in: "query", name: "X-Amz-Signature", description: "The signature (SigV4)." },
      { in: "query", name: "response-content-disposition", description: "The name of the file, signed." },
      { in: "query", name: "response-content-type", description: "The type of the file, signed." },
    ],
    responses: {
      200: { description: "The file.", type: "*/*", headers: FILE_HEADERS },
      206: { description: "A part of it.", type: "*/*", headers: [...FILE_HEADERS, "Content-Range"] },
      400: { description: "The range is outside the file." },
      403: "The link is invalid or has expired.",
    },
  },
};
