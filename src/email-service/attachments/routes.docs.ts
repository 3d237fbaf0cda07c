import type { RouteDocs } from "../../platform/docs.ts";

const ATTACHMENTS = "/api/:accountId{c[0-9a-z]{24}}/attachments";
const FILE_HEADERS = ["Accept-Ranges", "Content-Disposition", "Content-Security-Policy", "ETag"];

export const docs: RouteDocs = {
  [`POST ${ATTACHMENTS}`]: {
    id: "uploadFiles",
    summary: "Upload files to send",
    description:
      "Up to 20 files, 25 MB in all, to be sent within 30 days: name their ids in `attachmentIds`.",
    body: {
      type: "multipart/form-data",
      schema: {
        type: "object",
        properties: {
          file: {
            type: "array",
            description: "The files, under any field name.",
            items: { type: "string", contentMediaType: "application/octet-stream" },
          },
        },
      },
    },
    responses: { 201: "The uploaded files, in order." },
  },
  [`GET ${ATTACHMENTS}/:attachmentId/download`]: {
    id: "downloadAttachment",
    summary: "Download a file",
    description:
      "Of an attachment or an upload. A `downloadUrl` leads here, and needs no token for an hour: its signature authorises it.",
    parameters: [
      { in: "header", name: "Range", description: "The part to send, such as `bytes=0-1023`." },
      {
        in: "query",
        name: "X-Amz-Signature",
        description: "The signature of a link (SigV4), with its other parameters.",
      },
    ],
    responses: {
      200: { description: "The file.", type: "application/octet-stream", headers: FILE_HEADERS },
      206: {
        description: "A part of it.",
        type: "application/octet-stream",
        headers: [...FILE_HEADERS, "Content-Range"],
      },
      403: "The link is invalid or has expired.",
    },
  },
};
