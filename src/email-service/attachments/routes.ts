import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { sendFile } from "../../platform/files.ts";
import { publicUrl } from "../../platform/front.ts";
import { limitAddress } from "../../platform/rate-limit.ts";
import { responds, valid } from "../../platform/validation.ts";
import { AccountParam } from "../accounts/schemas.ts";
import { createContext, type EmailEnv } from "../context.ts";
import { idempotent, NAME } from "../middleware.ts";
import { download, downloadByLink } from "./download.ts";
import { SIGNATURE } from "./links.ts";
import { AttachmentParam } from "./schemas.ts";
import { uploadFiles } from "./uploads.ts";

/** Answers downloads by a link, which needs no token. Others go on to the route below. */
export const linked = createMiddleware<EmailEnv>(async (c, next) => {
  if (c.req.method !== "GET" || c.req.query(SIGNATURE) === undefined) return next();
  await limitAddress(c);
  const { accountId = "", attachmentId = "" } = c.req.param() as Record<string, string>;
  const url = publicUrl(c.req.url, c.env, NAME);
  const ctx = createContext(c.env, c.executionCtx);
  return sendFile(c, await downloadByLink(ctx, url, { accountId, attachmentId }, c.req.raw.headers));
});

export const attachments = new Hono<EmailEnv>({ strict: false })
  .post("/", idempotent, responds(201, "UploadListResponse"), valid("param", AccountParam), async (c) => {
    const form = { contentType: c.req.header("content-type") ?? "", body: c.req.raw.body };
    return c.json(await uploadFiles(c.var.ctx, c.req.valid("param").accountId, form), 201);
  })
  .get("/:attachmentId/download", responds(200, null), valid("param", AttachmentParam), async (c) =>
    sendFile(c, await download(c.var.ctx, c.req.valid("param"), c.req.raw.headers)),
  );
