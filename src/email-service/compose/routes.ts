import { Hono } from "hono";
import { parseKey } from "../../platform/idempotency/middleware.ts";
import { responds, valid } from "../../platform/validation.ts";
import type { EmailEnv } from "../context.ts";
import { idempotent } from "../middleware.ts";
import { DraftSave, MailSend } from "./schemas.ts";
import { saveDraft, sendMail } from "./service.ts";

export const compose = new Hono<EmailEnv>({ strict: false })
  .post("/send", responds(202, "SendResponse"), valid("json", MailSend), async (c) => {
    // The mailbox itself keeps the key: it never makes two mails, whatever dies in between.
    const key = parseKey(c.req.header("idempotency-key"));
    const { answer, isReplayed } = await sendMail(c.var.ctx, c.req.valid("json"), key);
    return c.json(answer, 202, isReplayed ? { "idempotent-replayed": "true" } : {});
  })
  .post("/draft", idempotent, responds(201, "DraftResponse"), valid("json", DraftSave), async (c) =>
    c.json(await saveDraft(c.var.ctx, c.req.valid("json")), 201),
  );
