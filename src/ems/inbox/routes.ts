import { Hono } from "hono";
import { noQuery, responds, valid } from "../../platform/validation.ts";
import type { EmsEnv } from "../context.ts";
import { POSITION_HEADER } from "../events/position.ts";
import { ThreadParam } from "../threads/schemas.ts";
import { countUnread, getEntry, listInbox } from "./list.ts";
import { EntriesUpdate, InboxParam, InboxQuery, StarRequest } from "./schemas.ts";
import { changeEntries, changeEntry, type EntryChanges, readThread } from "./service.ts";

const param = valid("param", InboxParam);

export const inbox = new Hono<EmsEnv>({ strict: false })
  .get("/", responds(200, "InboxListResponse"), valid("query", InboxQuery), async (c) => {
    const { list, readAt } = await listInbox(c.var.ctx, c.req.valid("query"));
    return c.json(list, 200, { [POSITION_HEADER]: readAt });
  })
  .get("/unread-counts", responds(200, "UnreadCountsResponse"), valid("query", noQuery), async (c) =>
    c.json(await countUnread(c.var.ctx)),
  )
  .get("/:inbox_id", responds(200, "InboxItemResponse"), param, valid("query", noQuery), async (c) =>
    c.json(await getEntry(c.var.ctx, c.req.valid("param").inbox_id)),
  )
  .patch("/", responds(200, "EntriesResponse"), valid("json", EntriesUpdate), async (c) => {
    const { ids, changes } = c.req.valid("json");
    return c.json(await changeEntries(c.var.ctx, ids, changes));
  })
  .patch(
    "/:inbox_id/star",
    responds(200, "InboxEntryResponse"),
    param,
    valid("json", StarRequest, { needed: false }),
    async (c) => {
      const { is_starred = "toggle" } = c.req.valid("json");
      return c.json(await changeEntry(c.var.ctx, c.req.valid("param").inbox_id, { is_starred }));
    },
  )
  .patch(
    "/threads/:thread_id/read",
    responds(200, "ThreadReadResponse"),
    valid("param", ThreadParam),
    async (c) => c.json({ updated: await readThread(c.var.ctx, c.req.valid("param").thread_id) }),
  );

const CHANGES = {
  read: { is_read: true },
  unread: { is_read: false },
  unstar: { is_starred: false },
  archive: { is_archived: true },
  unarchive: { is_archived: false },
} satisfies Record<string, EntryChanges>;

for (const [name, changes] of Object.entries(CHANGES)) {
  inbox.patch(`/:inbox_id/${name}`, responds(200, "InboxEntryResponse"), param, async (c) =>
    c.json(await changeEntry(c.var.ctx, c.req.valid("param").inbox_id, changes)),
  );
}
