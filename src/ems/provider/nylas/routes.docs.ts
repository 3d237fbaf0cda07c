import type { RouteDocs } from "../../../platform/docs.ts";

export const docs: RouteDocs = {
  "GET /webhooks/nylas": {
    id: "answerNylasChallenge",
    summary: "Answer the challenge of Nylas",
    description: "Nylas calls it once, when the webhook is registered.",
    security: [],
    responses: { 200: { description: "The challenge.", type: "text/plain", headers: ["Content-Encoding"] } },
  },
  "POST /webhooks/nylas": {
    id: "receiveNylasNotification",
    summary: "Receive a notification of Nylas",
    security: ["nylasSignature"],
    body: {
      type: "application/json",
      schema: { type: "object" },
      description: "A notification of Nylas v3, also gzipped (`Content-Encoding: gzip`).",
    },
    responses: {
      200: "The notification is kept.",
      400: { description: "The body is not a notification.", schemas: ["InvalidResponse"] },
      401: { description: "The signature is missing or does not match.", headers: ["WWW-Authenticate"] },
      413: "The body is too large.",
      503: { description: "It cannot be kept now. Send it again.", headers: ["Retry-After"] },
    },
  },
};
