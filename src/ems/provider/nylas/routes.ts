import { type Context, Hono } from "hono";
import * as z from "zod/mini";
import { ServiceError } from "../../../lib/errors.ts";
import { limitOpen } from "../../../platform/rate-limit.ts";
import { responds, valid } from "../../../platform/validation.ts";
import { config } from "../../config.ts";
import type { ReceivedPush } from "../connector.ts";
import { notKept, openPush } from "./door.ts";

type DoorEnv = { Bindings: Env };

/** Reflected as it came, so its length is bounded. */
const Challenge = z.object({
  challenge: z.string().check(z.minLength(1), z.maxLength(500, "at most 500 characters")),
});

const WebhookResponse = z.object({ status: z.literal("ok") });

/**
 * The door for Nylas's webhook. It is open: the signature is the key.
 * @param keep puts a notification where it cannot get lost; only then Nylas is answered
 */
export const webhookDoor = (
  keep: (c: Pick<Context<DoorEnv>, "env" | "executionCtx">, push: ReceivedPush) => Promise<void>,
) =>
  new Hono<DoorEnv>({ strict: false })
    .get("/nylas", limitOpen, responds(200, null), valid("query", Challenge, { strict: false }), (c) =>
      // Nylas wants it unchunked; without the encoding `wrangler dev` would compress, and so chunk it.
      c.body(c.req.valid("query").challenge, 200, {
        "content-type": "text/plain; charset=utf-8",
        "content-encoding": "identity",
        "cache-control": "no-store",
      }),
    )
    .post("/nylas", responds(200, WebhookResponse), async (c) => {
      const posted = {
        signature: c.req.header("x-nylas-signature"),
        encoding: c.req.header("content-encoding"),
        body: c.req.raw.body,
      };
      try {
        await keep(c, await openPush(config(c.env), posted));
      } catch (error) {
        // After a 500 Nylas would never send it again.
        throw error instanceof ServiceError ? error : notKept(error);
      }
      return c.json({ status: "ok" } as const);
    });
