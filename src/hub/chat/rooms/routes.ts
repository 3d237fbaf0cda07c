import { Hono } from "hono";
import { noQuery, responds, valid } from "../../../platform/validation.ts";
import type { HubEnv } from "../../context.ts";
import { UUID } from "../../fields.ts";
import { ListQuery, pageOf } from "../../lists.ts";
import { body, sendList } from "../../requests/middleware.ts";
import { ChatIdParam } from "../schemas.ts";
import { clearMessages, updateRoom } from "./change.ts";
import { createRoom } from "./create.ts";
import { getRoom, listRooms } from "./read.ts";
import { deleteRoom } from "./remove.ts";
import { RoomCreate, RoomUpdate } from "./schemas.ts";

const files = { profile_pic: { kind: "room", most: 1 } } as const;
const ID = `/:id{${UUID}}`;

/** The routes below /api/chat/rooms. */
export const rooms = () => {
  const id = valid("param", ChatIdParam);

  return new Hono<HubEnv>({ strict: false })
    .get("/", responds(200, "ChatRoomListResponse"), valid("query", ListQuery), async (c) => {
      const page = pageOf(c.req.valid("query"));
      return sendList(c, page, await listRooms(c.var.ctx, page));
    })
    .post(
      "/",
      responds(201, "ChatRoomResponse", { status: 200, schema: "ChatRoomResponse" }),
      body(RoomCreate, files),
      async (c) => {
        const { room, isNew } = await createRoom(c.var.ctx, c.req.valid("json"));
        return c.json(room, isNew ? 201 : 200);
      },
    )
    .get(ID, responds(200, "ChatRoomResponse"), id, valid("query", noQuery), async (c) =>
      c.json(await getRoom(c.var.ctx, c.req.valid("param").id)),
    )
    .patch(ID, responds(200, "ChatRoomResponse"), id, body(RoomUpdate, files), async (c) =>
      c.json(await updateRoom(c.var.ctx, c.req.valid("param").id, c.req.valid("json"))),
    )
    .delete(ID, responds(204, null), id, async (c) => {
      await deleteRoom(c.var.ctx, c.req.valid("param").id);
      return c.body(null, 204);
    })
    .post(`${ID}/clear_messages`, responds(200, "ChatDoneResponse"), id, async (c) => {
      await clearMessages(c.var.ctx, c.req.valid("param").id);
      return c.json({ message: "All messages cleared successfully" });
    });
};
