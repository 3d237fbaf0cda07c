import { Hono } from "hono";
import { noQuery, responds, valid } from "../../platform/validation.ts";
import { AccountParam } from "../accounts/schemas.ts";
import type { EmailEnv } from "../context.ts";
import { FolderParam, MessagesQuery } from "./schemas.ts";
import { listFolders, listMessages } from "./service.ts";

export const folders = new Hono<EmailEnv>({ strict: false })
  .get(
    "/",
    responds(200, "FolderListResponse"),
    valid("param", AccountParam),
    valid("query", noQuery),
    async (c) => c.json(await listFolders(c.var.ctx, c.req.valid("param").accountId)),
  )
  .get(
    "/:folderId/messages",
    responds(200, "MessageListResponse"),
    valid("param", FolderParam),
    valid("query", MessagesQuery),
    async (c) => c.json(await listMessages(c.var.ctx, c.req.valid("param"), c.req.valid("query"))),
  );
