import type { RouteDocs } from "../../../platform/docs.ts";
import { UUID } from "../../fields.ts";

const refused = (description: string) => ({ 403: { description, schemas: ["RefusedResponse"] } });
const ID = `:id{${UUID}}`;

export const docs: RouteDocs = {
  "GET /api/chat/rooms": {
    id: "listRooms",
    summary: "List your rooms",
    description:
      "The last active first; without `page`, at most 100. `members` are at most 100: the owner, the admins and you first; `member_count` counts all. Somebody with whom you have a block is named by the id alone. `unread_count` and `last_message` may be 10 seconds old.",
  },
  "POST /api/chat/rooms": {
    id: "createRoom",
    summary: "Create a room",
    description:
      "A private chat is with exactly one other person, and has no name, username, description or picture. The same two people always get the same one: 200. A group needs a name; you own it. `members` are at most 100 ids, with or without your own; a private profile can be added by its contacts alone. A picture needs multipart/form-data.",
    responses: { 200: "The private chat, which was there before.", 201: "The room." },
  },
  [`GET /api/chat/rooms/${ID}`]: {
    id: "getRoom",
    summary: "Get a room",
    description: "For its members alone.",
  },
  [`PATCH /api/chat/rooms/${ID}`]: {
    id: "updateRoom",
    summary: "Update a group",
    description: "What is left out stays; an empty username, description or picture is removed.",
    responses: refused("You are neither its owner nor an admin, or it is a private chat."),
  },
  [`DELETE /api/chat/rooms/${ID}`]: {
    id: "deleteRoom",
    summary: "Delete a room",
    description: "For all members: a group by its owner, a private chat by either of the two.",
    responses: { 204: "Deleted.", ...refused("You do not own the group.") },
  },
  [`POST /api/chat/rooms/${ID}/clear_messages`]: {
    id: "clearMessages",
    summary: "Delete all messages of a room",
    description:
      "For all members: in a group by its owner, in a private chat by either of the two. Lists of rooms follow within 10 seconds.",
    responses: refused("You do not own the group."),
  },
};
