import { Hono } from "hono";
import { answer, valid } from "../../lib/validation.ts";
import type { EmsEnv } from "../context.ts";
import { POSITION_HEADER } from "../events/position.ts";
import { ThreadParam } from "../threads/schemas.ts";
import { countUnread, listInbox } from "./list.ts";
import {
  InboxEntryResponse,
  InboxListResponse,
  InboxParam,
  InboxQuery,
  ThreadReadResponse,
  UnreadCountsResponse,
} from "./schemas.ts";
import { type Change, changeEntry, readThread } from "./service.ts";

export const inbox = new Hono<EmsEnv>({ strict: false })
  .get("/", answer(200, InboxListResponse), valid("query", InboxQuery), async (c) => {
    const { list, readAt } = await listInbox(c.var.ctx, c.req.valid("query"));
    return c.json(list, 200, { [POSITION_HEADER]: readAt });
  })
  .get("/unread-counts", answer(200, UnreadCountsResponse), async (c) => c.json(await countUnread(c.var.ctx)))
  .patch(
    "/threads/:thread_id/read",
    answer(200, ThreadReadResponse),
    valid("param", ThreadParam),
    async (c) => c.json({ updated: await readThread(c.var.ctx, c.req.valid("param").thread_id) }),
  );

for (const change of ["read", "unread", "star", "archive", "unarchive"] satisfies Change[]) {
  inbox.patch(
    `/:inbox_id/${change}`,
    answer(200, InboxEntryResponse),
    valid("param", InboxParam),
    async (c) => c.json(await changeEntry(c.var.ctx, c.req.valid("param").inbox_id, change)),
  );
}
