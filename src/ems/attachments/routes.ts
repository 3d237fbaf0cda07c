import { Hono } from "hono";
import { sendFile } from "../../platform/files.ts";
import { publicUrl } from "../../platform/front.ts";
import { limitOpen } from "../../platform/rate-limit.ts";
import { responds, valid } from "../../platform/validation.ts";
import { createContext, type EmsEnv } from "../context.ts";
import { idempotent } from "../middleware.ts";
import { readFile } from "./files.ts";
import { AttachmentParam, AttachmentsParam, UploadQuery } from "./schemas.ts";
import { getDownloadUrl, listAttachments } from "./service.ts";
import { uploadFiles } from "./uploads.ts";

export const attachments = new Hono<EmsEnv>({ strict: false })
  .post("/", idempotent, responds(201, "UploadListResponse"), valid("query", UploadQuery), async (c) => {
    const { company_id } = c.req.valid("query");
    const contentType = c.req.header("content-type") ?? "";
    return c.json(await uploadFiles(c.var.ctx, { contentType, body: c.req.raw.body, company_id }), 201);
  })
  .get(
    "/message/:message_id",
    responds(200, "AttachmentListResponse"),
    valid("param", AttachmentsParam),
    async (c) => c.json(await listAttachments(c.var.ctx, c.req.valid("param").message_id)),
  )
  .get(
    "/:attachment_id/download",
    responds(200, "DownloadResponse"),
    valid("param", AttachmentParam),
    async (c) =>
      c.json({ download_url: await getDownloadUrl(c.var.ctx, c.req.valid("param").attachment_id) }),
  );

/** Needs no token: the URL's signature authorises the request. */
export const files = new Hono<EmsEnv>().get("/:key{[a-z]+/.+}", limitOpen, responds(200, null), async (c) => {
  const ctx = createContext(c.env, c.executionCtx);
  const url = publicUrl(c.req.url, c.env, "ems");
  return sendFile(c, await readFile(ctx, url, c.req.param("key"), c.req.raw.headers));
});
