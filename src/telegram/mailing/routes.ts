import { Hono } from "hono";
import { responds } from "../../platform/validation.ts";
import type { UserEnv } from "../context.ts";
import { body } from "../requests/middleware.ts";
import { changeInterval } from "./interval.ts";
import { getMailing, startMailing, stopMailing } from "./run.ts";
import { Interval } from "./schemas.ts";

/** The routes below /mailing, but for the content: see ../content/routes.ts. */
export const mailing = () =>
  new Hono<UserEnv>({ strict: false })
    .get("/:telegramId", responds(200, "MailingResponse"), async (c) => c.json(await getMailing(c.var.ctx)))
    .patch("/:telegramId/interval", responds(200, "MailingResponse"), body(Interval), async (c) =>
      c.json(await changeInterval(c.var.ctx, c.req.valid("json"))),
    )
    .post("/:telegramId/start", responds(200, "StartResponse"), async (c) =>
      c.json(await startMailing(c.var.ctx)),
    )
    .post("/:telegramId/stop", responds(200, "StopResponse"), async (c) =>
      c.json(await stopMailing(c.var.ctx)),
    );
