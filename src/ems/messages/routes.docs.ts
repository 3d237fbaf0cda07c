import type { RouteDocs } from "../../platform/docs.ts";

export const docs: RouteDocs = {
  "GET /messages": {
    id: "listMessages",
    summary: "List messages",
    description: "With whole bodies, newest first.",
    responses: { 200: { description: "OK", headers: ["Last-Event-ID"] } },
  },
  "GET /messages/:message_id": { id: "getMessage", summary: "Show a message" },
  "GET /messages/:message_id/html": {
    id: "getMessageHtml",
    summary: "Show a message's body as a document",
    description:
      "Sanitised, for the `srcdoc` of a sandboxed iframe. Remote images load only with `images=1`.",
    responses: {
      200: { description: "The document.", type: "text/html", headers: ["Content-Security-Policy"] },
    },
  },
};
