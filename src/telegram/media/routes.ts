import { Hono } from "hono";
import { sendFile } from "../../platform/files.ts";
import { limitOpen } from "../../platform/rate-limit.ts";
import { responds } from "../../platform/validation.ts";
import type { OpenEnv } from "../context.ts";
import { openMedia } from "./open.ts";

/** The images and videos of mailings, for browsers, which send no credential for `<img>` and `<video>`. */
export const media = () =>
  new Hono<OpenEnv>({ strict: false }).get("/:name", limitOpen, responds(200, null), async (c) =>
    sendFile(c, await openMedia(c.var.ctx, c.req.param("name"), c.req.raw.headers)),
  );
