import { Hono } from "hono";
import * as z from "zod";
import { answer, valid } from "../../lib/validation.ts";
import { createContext, type EmsEnv } from "../context.ts";
import { receiveNotification } from "./receive.ts";

/** Reflected as it came, so its length is bounded. */
const Challenge = z.object({ challenge: z.string().min(1).max(500, "at most 500 characters") });

const WebhookResponse = z.object({ status: z.literal("ok") });

/** Open: the signature is the key. */
export const webhooks = new Hono<EmsEnv>({ strict: false })
  .get("/nylas", answer(200, null), valid("query", Challenge), (c) =>
    // Nylas wants it unchunked; without the encoding `wrangler dev` would compress, and so chunk it.
    c.body(c.req.valid("query").challenge, 200, {
      "content-type": "text/plain; charset=utf-8",
      "content-encoding": "identity",
      "cache-control": "no-store",
    }),
  )
  .post("/nylas", answer(200, WebhookResponse), async (c) => {
    const ctx = createContext(c.env, (work) => c.executionCtx.waitUntil(work));
    const signature = c.req.header("x-nylas-signature");
    await receiveNotification(ctx, {
      signature,
      encoding: c.req.header("content-encoding"),
      body: c.req.raw.body,
    });
    return c.json({ status: "ok" } as const);
  });
