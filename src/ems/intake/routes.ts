import { Hono } from "hono";
import * as z from "zod/mini";
import { ServiceError } from "../../lib/errors.ts";
import { limitOpen } from "../../platform/rate-limit.ts";
import { responds, valid } from "../../platform/validation.ts";
import { createContext, type EmsEnv } from "../context.ts";
import { requireRole } from "../middleware.ts";
import { listDeliveries, replayDelivery, replayParked } from "./ledger.ts";
import { notKept, receiveNotification } from "./receive.ts";
import {
  DeliveriesQuery,
  DeliveryListResponse,
  DeliveryParam,
  DeliveryResponse,
  ReplayQuery,
  ReplayResponse,
} from "./schemas.ts";

/** Reflected as it came, so its length is bounded. */
const Challenge = z.object({
  challenge: z.string().check(z.minLength(1), z.maxLength(500, "at most 500 characters")),
});

const WebhookResponse = z.object({ status: z.literal("ok") });

/** Open: the signature is the key. */
export const webhooks = new Hono<EmsEnv>({ strict: false })
  .get("/nylas", limitOpen, responds(200, null), valid("query", Challenge, { strict: false }), (c) =>
    // Nylas wants it unchunked; without the encoding `wrangler dev` would compress, and so chunk it.
    c.body(c.req.valid("query").challenge, 200, {
      "content-type": "text/plain; charset=utf-8",
      "content-encoding": "identity",
      "cache-control": "no-store",
    }),
  )
  .post("/nylas", responds(200, WebhookResponse), async (c) => {
    const received = {
      signature: c.req.header("x-nylas-signature"),
      encoding: c.req.header("content-encoding"),
      body: c.req.raw.body,
    };
    try {
      await receiveNotification(createContext(c.env, c.executionCtx), received);
    } catch (error) {
      // After a 500 Nylas would never send it again.
      throw error instanceof ServiceError ? error : notKept(error);
    }
    return c.json({ status: "ok" } as const);
  });

/** The flight recorder, for admins: what came to the mailboxes of their companies, and what became of it. */
export const deliveries = new Hono<EmsEnv>({ strict: false })
  .use(requireRole("admin"))
  .get("/", responds(200, DeliveryListResponse), valid("query", DeliveriesQuery), async (c) =>
    c.json(await listDeliveries(c.var.ctx, c.req.valid("query"))),
  )
  .post("/replay", responds(202, ReplayResponse), valid("json", ReplayQuery), async (c) =>
    c.json(await replayParked(c.var.ctx, c.req.valid("json")), 202),
  )
  .post("/:delivery_id/replay", responds(202, DeliveryResponse), valid("param", DeliveryParam), async (c) =>
    c.json(await replayDelivery(c.var.ctx, c.req.valid("param").delivery_id), 202),
  );
