import type { RouteDocs } from "../../../platform/docs.ts";
import { UUID } from "../../fields.ts";

const refused = (description: string) => ({ 403: { description, schemas: ["RefusedResponse"] } });

export const docs: RouteDocs = {
  [`GET /api/chat/message/:room_id{${UUID}}/list_by_room`]: {
    id: "listMessages",
    summary: "List the messages of a room",
    description:
      "The newest first. `offset` goes back at most 10,000 messages; `before`, the id of a message, goes as far as one wants. Content that a block withholds is empty, with `is_hidden`. `x-chat-seq` is the position of the room: a socket opened with it as `since` misses nothing.",
    responses: { 200: { description: "A part of the history.", headers: ["X-Chat-Seq"] } },
  },
  [`PATCH /api/chat/message/:id{${UUID}}`]: {
    id: "updateMessage",
    summary: "Edit your message",
    description: "Takes `text`, or `message` as a frame does.",
    responses: refused("It is somebody else's, or a block has ended the talk."),
  },
  [`DELETE /api/chat/message/:id{${UUID}}`]: {
    id: "deleteMessage",
    summary: "Delete a message",
    description: "Your own; the owner and the admins of a group delete anybody's.",
    responses: { 204: "Deleted.", ...refused("It is somebody else's.") },
  },
  "POST /api/chat/ticket": {
    id: "createChatTicket",
    summary: "Get a ticket for a socket",
    description: "Opens one socket within 60 seconds, as `?ticket=`.",
    responses: { 201: "The ticket." },
  },
};
