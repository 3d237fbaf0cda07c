import type { EventDoc, RouteDocs } from "../../platform/docs.ts";

export const docs: RouteDocs = {
  "GET /sse/events": {
    id: "streamEvents",
    summary: "Stream events",
    description:
      "Server-Sent Events of the token's companies. A stream begins with `connected`, and sends a comment when nothing has happened for 15 seconds. It ends after 24 to 30 minutes, or before its token expires.",
    security: ["bearer", "ticket", "token"],
    parameters: [
      {
        in: "header",
        name: "Last-Event-ID",
        description:
          "The id of the last event received, or a position of a list: what came since is sent first.",
      },
      { in: "query", name: "last_event_id", description: "The same, for a new stream." },
      { in: "query", name: "lastEventId", description: "The same, under a common polyfill's name." },
    ],
    responses: {
      200: {
        description: "The stream. `x-events` lists its events, and the schema of the `data` of each.",
        type: "text/event-stream",
        headers: ["X-Accel-Buffering", "Content-Encoding"],
      },
      401: {
        description: "The token or ticket is missing, invalid, used or expired.",
        headers: ["WWW-Authenticate"],
      },
      429: { description: "Too many refused streams from this address.", headers: ["Retry-After"] },
      503: { description: "The database is busy. Try again.", headers: ["Retry-After"] },
    },
  },
  "POST /sse/ticket": {
    id: "createTicket",
    summary: "Get a ticket for a stream",
    description: "It opens one stream within 60 seconds, so that no token is in a URL.",
  },
  "GET /events": {
    id: "listEvents",
    summary: "Read events by polling",
    description: "The events of the stream since a position, oldest first.",
  },
};

export const events: Record<string, EventDoc> = {};
