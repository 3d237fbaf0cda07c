import { Hono } from "hono";
import { limitOpen } from "../../platform/rate-limit.ts";
import { responds, valid } from "../../platform/validation.ts";
import type { HubEnv } from "../context.ts";
import { ListQuery, pageOf } from "../lists.ts";
import { body, limit, sendList } from "../requests/middleware.ts";
import { createOpenComment, listOpenComments } from "./open-comments.ts";
import { OpenCommentInput } from "./schemas.ts";

/** Below /api/comments/comment, outside the token guard: anybody reads and writes. */
export const openComments = () =>
  new Hono<HubEnv>({ strict: false })
    .get("/", limitOpen, responds(200, "OpenCommentListResponse"), valid("query", ListQuery), async (c) => {
      const page = pageOf(c.req.valid("query"));
      return sendList(c, page, await listOpenComments(c.var.ctx, page));
    })
    .post(
      "/",
      limitOpen,
      responds(201, "OpenCommentResponse"),
      limit("open_comments"),
      body(OpenCommentInput),
      async (c) => c.json(await createOpenComment(c.var.ctx, c.req.valid("json")), 201),
    );
