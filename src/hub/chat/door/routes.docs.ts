import type { RouteDocs } from "../../../platform/docs.ts";
import { UUID } from "../../fields.ts";

export const docs: RouteDocs = {
  [`GET /ws/chat/:room_id{${UUID}}`]: {
    id: "openChat",
    summary: "Open the socket of a room",
    description:
      'A WebSocket. The token comes by `Authorization: Bearer`, by the subprotocols `["xabar.bearer", token]`, by `?ticket=` (see `POST /api/chat/ticket/`), by `?token=`, or by the first frame `{"type": "auth", "token": …}` within 10 seconds. `?since=` is the last position that the client has seen: it gets what it has missed. Commands and events are described in docs/chat.md. It is always accepted, and closed with 4401 (no valid token), 4403 (not a member), 4404 (no such room), 4429 (too much) or 1013 (try again later).',
    security: [],
    responses: { 101: "The socket.", 400: "Not a WebSocket request.", 403: "An origin that is not allowed." },
  },
};
