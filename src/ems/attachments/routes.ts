import { Hono } from "hono";
import { publicUrl } from "../../platform/front.ts";
import { limitOpen } from "../../platform/rate-limit.ts";
import { responds, valid } from "../../platform/validation.ts";
import { createContext, type EmsEnv } from "../context.ts";
import { idempotent } from "../middleware.ts";
import { type File, readFile } from "./files.ts";
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
  const file = await readFile(ctx, publicUrl(c.req.url, c.env, "ems"), c.req.param("key"), c.req.raw.headers);
  const { offset, length, size } = file;
  const part = length === size ? {} : { "content-range": `bytes ${offset}-${offset + length - 1}/${size}` };
  return c.body(file.body, length === size ? 200 : 206, { ...headersOf(file), ...part });
});

const headersOf = ({ length, etag, contentDisposition, contentType }: File): Record<string, string> => ({
  "accept-ranges": "bytes",
  "cache-control": "private, max-age=3600",
  "content-disposition": contentDisposition,
  "content-length": String(length),
  "content-type": contentType,
  "content-security-policy": "sandbox; default-src 'none'",
  etag,
  "x-content-type-options": "nosniff",
});
