import { type Context, Hono } from "hono";
import { writeJson } from "../../lib/json-stream.ts";
import { toETag } from "../../platform/etag.ts";
import { responds, valid } from "../../platform/validation.ts";
import type { EmsEnv } from "../context.ts";
import { POSITION_HEADER } from "../events/position.ts";
import { announcePresence } from "../events/presence.ts";
import { PresenceRequest } from "../events/presence-schemas.ts";
import { ThreadParam, ThreadQuery, ThreadsQuery, ThreadUpdate } from "./schemas.ts";
import { getThread, listThreads, updateThread } from "./service.ts";

const param = valid("param", ThreadParam);

export const threads = new Hono<EmsEnv>({ strict: false })
  .get("/", responds(200, "ThreadListResponse"), valid("query", ThreadsQuery), async (c) => {
    const { list, readAt } = await listThreads(c.var.ctx, c.req.valid("query"));
    return c.json(list, 200, { [POSITION_HEADER]: readAt });
  })
  .get(
    "/:thread_id",
    responds(200, "ThreadDetailResponse"),
    param,
    valid("query", ThreadQuery),
    async (c) => {
      const { folder } = c.req.valid("query");
      return detail(c, await getThread(c.var.ctx, c.req.valid("param").thread_id, folder));
    },
  )
  .patch(
    "/:thread_id",
    responds(200, "ThreadDetailResponse"),
    param,
    valid("json", ThreadUpdate),
    async (c) => {
      const { thread_id: id } = c.req.valid("param");
      return detail(c, await updateThread(c.var.ctx, { id, ...c.req.valid("json") }));
    },
  )
  .post(
    "/:thread_id/presence",
    responds(200, "PresenceResponse"),
    param,
    valid("json", PresenceRequest),
    async (c) => {
      const { thread_id } = c.req.valid("param");
      return c.json(await announcePresence(c.var.ctx, { thread_id, ...c.req.valid("json") }));
    },
  );

async function detail(
  c: Context<EmsEnv>,
  { thread, messages }: Awaited<ReturnType<typeof getThread>>,
): Promise<Response> {
  c.header("content-type", "application/json");
  c.header("etag", toETag(thread.version));
  return c.body(await writeJson(thread, "messages", messages));
}
