import { Hono } from "hono";
import { verifyToken } from "../../auth/token.ts";
import { unauthorized } from "../../lib/errors.ts";
import { answer } from "../../lib/validation.ts";
import { createContext, type EmsEnv } from "../context.ts";
import { openStream } from "./stream.ts";

/** Open: EventSource can set no header, so the token is in the URL. */
export const events = new Hono<EmsEnv>({ strict: false }).get("/events", answer(200, null), async (c) => {
  const ctx = createContext(c.env, c.executionCtx);
  const token = c.req.query("token");
  if (!token) throw unauthorized();
  const user = await verifyToken(token, ctx.config);
  return c.body(openStream(ctx, user), 200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache, no-transform",
    // nginx and the like would otherwise collect events before they pass them on.
    "x-accel-buffering": "no",
    // A compressed stream would be held back until there is enough to compress.
    "content-encoding": "identity",
  });
});
