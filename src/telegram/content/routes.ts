import { Hono } from "hono";
import { responds } from "../../platform/validation.ts";
import type { UserEnv } from "../context.ts";
import { bodyWithFiles } from "../requests/middleware.ts";
import { changeContent } from "./change.ts";
import { ContentWrite } from "./schemas.ts";
import { storeMedia } from "./store.ts";

/** What a mailing posts. */
export const content = () =>
  new Hono<UserEnv>({ strict: false }).patch(
    "/:telegramId",
    responds(200, "MailingResponse"),
    bodyWithFiles(ContentWrite, storeMedia),
    async (c) => c.json(await changeContent(c.var.ctx, c.req.valid("json"))),
  );
