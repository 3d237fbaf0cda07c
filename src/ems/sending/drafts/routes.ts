import { type Context, Hono } from "hono";
import { writeJson } from "../../../lib/json-stream.ts";
import { parseIfMatch, toETag } from "../../../platform/etag.ts";
import { responds, valid } from "../../../platform/validation.ts";
import type { EmsEnv } from "../../context.ts";
import { idempotent } from "../../middleware.ts";
import { answerSent, SENT } from "../routes.ts";
import { listDraftFiles } from "./files.ts";
import { listDrafts } from "./list.ts";
import { DraftCreate, DraftParam, DraftSend, DraftsQuery, DraftUpdate } from "./schemas.ts";
import { sendDraft } from "./send.ts";
import { createDraft, deleteDraft, getDraft, type Seen, updateDraft } from "./service.ts";

const param = valid("param", DraftParam);

export const drafts = new Hono<EmsEnv>({ strict: false })
  .get("/", responds(200, "DraftListResponse"), valid("query", DraftsQuery), async (c) => {
    const query = c.req.valid("query");
    const { items, total, next_cursor } = await listDrafts(c.var.ctx, query);
    c.header("content-type", "application/json");
    return c.body(
      await writeJson({ total, page: query.page, size: query.size, next_cursor }, "items", items),
    );
  })
  .post("/", idempotent, responds(201, "DraftResponse"), valid("json", DraftCreate), async (c) => {
    const draft = await createDraft(c.var.ctx, c.req.valid("json"));
    return c.json(draft, 201, { etag: toETag(draft.version) });
  })
  .get("/:draft_id", responds(200, "DraftResponse"), param, async (c) => {
    const draft = await getDraft(c.var.ctx, c.req.valid("param").draft_id);
    return c.json(draft, 200, { etag: toETag(draft.version) });
  })
  .get("/:draft_id/files", responds(200, "DraftFileListResponse"), param, async (c) =>
    c.json(await listDraftFiles(c.var.ctx, c.req.valid("param").draft_id)),
  )
  .patch("/:draft_id", responds(200, "DraftResponse"), param, valid("json", DraftUpdate), async (c) => {
    const changes = c.req.valid("json");
    const draft = await updateDraft(c.var.ctx, { ...seen(c, c.req.valid("param").draft_id), changes });
    return c.json(draft, 200, { etag: toETag(draft.version) });
  })
  .delete("/:draft_id", responds(204, null), param, async (c) => {
    await deleteDraft(c.var.ctx, seen(c, c.req.valid("param").draft_id));
    return c.body(null, 204);
  })
  .post(
    "/:draft_id/send",
    idempotent,
    SENT,
    param,
    valid("json", DraftSend, { needed: false }),
    async (c) => {
      const which = seen(c, c.req.valid("param").draft_id);
      return answerSent(c, await sendDraft(c.var.ctx, { ...which, ...c.req.valid("json") }));
    },
  );

const seen = (c: Context<EmsEnv>, id: string): Seen => ({ id, seen: parseIfMatch(c.req.header("if-match")) });
