import { type Context, Hono } from "hono";
import * as z from "zod/mini";
import { ServiceError } from "../../../lib/errors.ts";
import { lazy } from "../../../lib/lazy.ts";
import { limitOpen } from "../../../platform/rate-limit.ts";
import { responds, valid } from "../../../platform/validation.ts";
import { config } from "../../config.ts";
import type { ReceivedPush } from "../connector.ts";
import { notKept, openPush } from "./webhook.ts";

type WebhookEnv = { Bindings: Env };

/** Echoed back, so its length is limited. */
const Challenge = lazy(() =>
  z.object({
    challenge: z.string().check(z.minLength(1), z.maxLength(500, "at most 500 characters")),
  }),
);

type Keep = (c: Pick<Context<WebhookEnv>, "env" | "executionCtx">, push: ReceivedPush) => Promise<void>;

/**
 * The webhook of Nylas. It is open: the signature authenticates.
 * @param keep stores a notification safely; Nylas gets its 200 only after that
 */
export const createWebhook = (keep: Keep) =>
  new Hono<WebhookEnv>({ strict: false })
    .get("/nylas", limitOpen, responds(200, null), valid("query", Challenge, { strict: false }), (c) =>
      // Nylas requires an unchunked answer. Without this encoding `wrangler dev` compresses it, and so chunks it.
      c.body(c.req.valid("query").challenge, 200, {
        "content-type": "text/plain; charset=utf-8",
        "content-encoding": "identity",
        "cache-control": "no-store",
      }),
    )
    .post("/nylas", responds(200, "WebhookResponse"), async (c) => {
      await receive(c, keep).catch(toUnavailable);
      return c.json({ status: "ok" } as const);
    });

async function receive(c: Context<WebhookEnv>, keep: Keep): Promise<void> {
  const posted = {
    signature: c.req.header("x-nylas-signature"),
    encoding: c.req.header("content-encoding"),
    body: c.req.raw.body,
  };
  await keep(c, await openPush(config(c.env), posted));
}

/** Nylas never repeats a notification that was answered 500. */
function toUnavailable(error: unknown): never {
  throw error instanceof ServiceError ? error : notKept(error);
}
