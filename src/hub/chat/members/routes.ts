import { Hono } from "hono";
import { responds, valid } from "../../../platform/validation.ts";
import type { HubEnv } from "../../context.ts";
import { UUID } from "../../fields.ts";
import { ListQuery, pageOf } from "../../lists.ts";
import { body, sendList } from "../../requests/middleware.ts";
import { RoomParam, UserBody } from "../schemas.ts";
import { addMember, removeMember } from "./change.ts";
import { listMembers } from "./list.ts";
import { setRole, transferRoom } from "./roles.ts";
import { joinRoom, leaveRoom } from "./self.ts";

const MOST_LISTED = 1000;
const ROOM = `/:room_id{${UUID}}`;

/** The routes below /api/chat/members. */
export const members = () => {
  const room = valid("param", RoomParam);
  const user = body(UserBody);
  const done = responds(200, "ChatDoneResponse");

  return new Hono<HubEnv>({ strict: false })
    .get(
      `${ROOM}/list_members`,
      responds(200, "ChatMemberListResponse"),
      room,
      valid("query", ListQuery),
      async (c) => {
        const page = pageOf(c.req.valid("query"), MOST_LISTED);
        return sendList(c, page, await listMembers(c.var.ctx, c.req.valid("param").room_id, page));
      },
    )
    .post(`${ROOM}/join`, responds(201, "ChatDoneResponse"), room, async (c) => {
      await joinRoom(c.var.ctx, c.req.valid("param").room_id);
      return c.json({ message: "Successfully joined the room" }, 201);
    })
    .post(`${ROOM}/leave`, done, room, async (c) => {
      await leaveRoom(c.var.ctx, c.req.valid("param").room_id);
      return c.json({ message: "Successfully left the room" });
    })
    .post(`${ROOM}/set_admin`, done, room, user, async (c) => {
      await setRole(c.var.ctx, c.req.valid("param").room_id, c.req.valid("json").user_id, "admin");
      return c.json({ message: "User promoted to admin" });
    })
    .post(`${ROOM}/remove_admin`, done, room, user, async (c) => {
      await setRole(c.var.ctx, c.req.valid("param").room_id, c.req.valid("json").user_id, "member");
      return c.json({ message: "Admin role removed" });
    })
    .post(`${ROOM}/transfer_owner`, done, room, user, async (c) => {
      await transferRoom(c.var.ctx, c.req.valid("param").room_id, c.req.valid("json").user_id);
      return c.json({ message: "Ownership transferred successfully" });
    })
    .post(`${ROOM}/add_member`, done, room, user, async (c) => {
      await addMember(c.var.ctx, c.req.valid("param").room_id, c.req.valid("json").user_id);
      return c.json({ message: "Member added successfully" });
    })
    .post(`${ROOM}/remove_member`, done, room, user, async (c) => {
      await removeMember(c.var.ctx, c.req.valid("param").room_id, c.req.valid("json").user_id);
      return c.json({ message: "Member removed successfully" });
    });
};
