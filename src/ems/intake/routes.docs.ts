import type { RouteDocs } from "../../platform/docs.ts";

export const docs: RouteDocs = {
  "GET /webhooks/deliveries": {
    id: "listDeliveries",
    summary: "List notifications of the mail provider",
    description:
      "What came for the mailboxes of the caller's companies, and what became of it. Newest first.",
  },
  "POST /webhooks/deliveries/replay": {
    id: "replayDeliveries",
    summary: "Apply parked notifications again",
    description: "Up to 1,000 a call. All conditions must hold.",
    responses: { 202: "They are queued." },
  },
  "POST /webhooks/deliveries/:delivery_id/replay": {
    id: "replayDelivery",
    summary: "Apply a notification again",
    description: "From its stored bytes, or by asking the provider.",
    responses: {
      202: "It is queued.",
      409: "Its bytes are not kept, and the provider cannot be asked again.",
    },
  },
};
