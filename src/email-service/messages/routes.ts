import { Hono } from "hono";
import { responds, valid } from "../../platform/validation.ts";
import type { EmailEnv } from "../context.ts";
import { MessageParam, MessageUpdate } from "./schemas.ts";
import { getMessage, updateMessage } from "./service.ts";

const param = valid("param", MessageParam);

export const messages = new Hono<EmailEnv>({ strict: false })
  .get("/:messageId", responds(200, "MessageDetailResponse"), param, async (c) =>
    c.json(await getMessage(c.var.ctx, c.req.valid("param"))),
  )
  .patch(
    "/:messageId",
    responds(200, "MessageDetailResponse"),
    param,
    valid("json", MessageUpdate),
    async (c) => c.json(await updateMessage(c.var.ctx, c.req.valid("param"), c.req.valid("json"))),
  );
