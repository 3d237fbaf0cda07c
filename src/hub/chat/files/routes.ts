import { Hono } from "hono";
import { responds, valid } from "../../../platform/validation.ts";
import type { HubEnv } from "../../context.ts";
import { ListQuery, pageOf } from "../../lists.ts";
import { body, sendList } from "../../requests/middleware.ts";
import { deleteFile, listFiles } from "./own.ts";
import { FileParam, FileUpload } from "./schemas.ts";
import { uploadFile } from "./upload.ts";

const MOST_LISTED = 1000;

/** The routes below /api/chat/files. */
export const chatFiles = () =>
  new Hono<HubEnv>({ strict: false })
    .get("/", responds(200, "ChatFileListResponse"), valid("query", ListQuery), async (c) => {
      const page = pageOf(c.req.valid("query"), MOST_LISTED);
      return sendList(c, page, await listFiles(c.var.ctx, page));
    })
    .post(
      "/",
      responds(201, "ChatFileResponse", { status: 200, schema: "ChatFileResponse" }),
      body(FileUpload, { file: { kind: "chat", most: 1 } }),
      async (c) => {
        const { file, isNew } = await uploadFile(c.var.ctx, c.req.valid("json"));
        return c.json(file, isNew ? 201 : 200);
      },
    )
    .delete("/:id{[0-9]{1,15}}", responds(204, null), valid("param", FileParam), async (c) => {
      await deleteFile(c.var.ctx, c.req.valid("param").id);
      return c.body(null, 204);
    });
