import { Hono } from "hono";
import { sendFile, sendUnchanged } from "../../../platform/files.ts";
import { limitOpen } from "../../../platform/rate-limit.ts";
import { responds } from "../../../platform/validation.ts";
import type { OpenEnv } from "../../context.ts";
import { CACHE_CONTROL, etagOf, findFile, readFile } from "./open.ts";

/** Files for browsers, which send no token for `<img>` and `<video>`. */
export const media = () =>
  new Hono<OpenEnv>({ strict: false }).get("/:key", limitOpen, responds(200, null), async (c) => {
    const file = await findFile(c.var.ctx, c.req.param("key"), c.req.query());
    const unchanged = sendUnchanged(c, etagOf(file), CACHE_CONTROL);
    return unchanged ?? sendFile(c, await readFile(c.var.ctx, file, c.req.raw.headers));
  });
