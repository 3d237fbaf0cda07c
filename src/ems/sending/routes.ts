import { Hono } from "hono";
import { answer, valid } from "../../platform/validation.ts";
import type { EmsEnv } from "../context.ts";
import { cancelOutboxEntry, getOutboxEntry, listOutbox } from "./outbox.ts";
import {
  OutboxDetailResponse,
  OutboxListResponse,
  OutboxParam,
  OutboxQuery,
  OutboxResponse,
} from "./schemas.ts";

const param = valid("param", OutboxParam);

export const outbox = new Hono<EmsEnv>({ strict: false })
  .get("/", answer(200, OutboxListResponse), valid("query", OutboxQuery), async (c) =>
    c.json(await listOutbox(c.var.ctx, c.req.valid("query"))),
  )
  .get("/:outbox_id", answer(200, OutboxDetailResponse), param, async (c) =>
    c.json(await getOutboxEntry(c.var.ctx, c.req.valid("param").outbox_id)),
  )
  .post("/:outbox_id/cancel", answer(200, OutboxResponse), param, async (c) =>
    c.json(await cancelOutboxEntry(c.var.ctx, c.req.valid("param").outbox_id)),
  );
