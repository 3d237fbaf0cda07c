import type { Context } from "hono";
import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { z } from "zod";
import { changeChaos } from "./faults/chaos-control.ts";
import { clearFaults } from "./faults/faults.ts";
import { ApiError } from "./http/errors.ts";
import { inbound } from "./mailboxes/deposit.ts";
import { addGrant, expireGrant, findGrant, reauthenticate } from "./mailboxes/grants.ts";
import { calm, chaosUpdate, WEBHOOK_CHAOS } from "./store/chaos-settings.ts";
import { faultSchema } from "./store/fault-kinds.ts";
import { PROVIDERS } from "./store/ids.ts";
import type { InboundMail } from "./store/mail.ts";
import type { Grant, Store } from "./store/store.ts";
import { mailboxOf } from "./store/store.ts";
import type { World } from "./store/world.ts";
import { now } from "./store/world.ts";
import { deliverDue } from "./webhooks/deliveries.ts";
import { emit } from "./webhooks/notifications.ts";

const address = z.object({ email: z.string().min(1), name: z.string().exactOptional() });

const inboundSchema = z.object({
  from: address.exactOptional(),
  to: z.array(address),
  cc: z.array(address).exactOptional(),
  bcc: z.array(address).exactOptional(),
  replyTo: z.array(address).exactOptional(),
  subject: z.string(),
  html: z.string().exactOptional(),
  text: z.string().exactOptional(),
  attachments: z
    .array(
      z.object({
        filename: z.string().min(1),
        contentType: z.string().min(1),
        content: z.base64().transform((base64) => new Uint8Array(Buffer.from(base64, "base64"))),
        contentId: z.string().exactOptional(),
        inline: z.boolean().exactOptional(),
      }),
    )
    .exactOptional(),
  date: z.number().exactOptional(),
  dateHeader: z.string().exactOptional(),
  messageId: z.string().exactOptional(),
  inReplyTo: z.string().exactOptional(),
  references: z.array(z.string()).exactOptional(),
  folder: z.string().exactOptional(),
  unread: z.boolean().exactOptional(),
  silent: z.boolean().exactOptional(),
}) satisfies z.ZodType<InboundMail>;

/** A folder with an opaque provider id and its special-use attributes. */
const newFolder = z.object({
  id: z.string().min(1),
  name: z.string(),
  attributes: z.array(z.string()).default([]),
});

const newGrant = z.object({
  email: z.email(),
  provider: z.enum(PROVIDERS).exactOptional(),
  name: z.string().exactOptional(),
});

const emission = z.object({
  type: z.string().min(1),
  object: z.unknown(),
  data: z.record(z.string(), z.unknown()).exactOptional(),
});

const forcedWebhookChaos = z.object({ webhook: z.enum(WEBHOOK_CHAOS), times: z.int().min(1).default(1) });

const advance = z.object({ seconds: z.number().min(0) });

/** The control API for tests, under /__sim. */
export function controlRoutes(world: World, token: string, freshStore: () => Store): Hono {
  const routes = new Hono();

  routes.use(async (c, next) => {
    if (c.req.header("authorization") !== `Bearer ${token}`)
      return c.json({ error: "wrong control token" }, 401);
    await next();
  });

  routes.post("/reset", (c) => {
    // Work in progress must not change the new store.
    const reset = new ApiError(500, "api.internal_error", "the stand-in was reset");
    clearFaults(world.faults, reset);
    for (const call of world.calls) call.abort(reset);
    world.store = freshStore();
    world.requests = [];
    world.deliveries = [];
    world.buckets.clear();
    world.chaos = calm();
    world.faults.notFoundOnce.clear();
    return c.json({});
  });

  routes.post("/grants", async (c) => c.json(addGrant(world, await input(c, newGrant))));
  routes.post("/grants/:id/expire", (c) => {
    const grant = grantOf(world, c);
    expireGrant(world, grant);
    return c.json(grant);
  });
  routes.post("/grants/:id/reauth", (c) => {
    const grant = grantOf(world, c);
    reauthenticate(world, grant);
    return c.json(grant);
  });

  routes.post("/grants/:id/folders", async (c) => {
    const grant = grantOf(world, c);
    const folder = { ...(await input(c, newFolder)), grant_id: grant.id };
    mailboxOf(world.store, grant.id).folders.set(folder.id, folder);
    return c.json(folder);
  });

  routes.post("/inbound", async (c) => c.json({ data: inbound(world, await input(c, inboundSchema)) }));
  routes.get("/messages/:id", (c) => {
    return c.json({ data: [...mailboxOf(world.store, grantOf(world, c).id).messages.values()] });
  });

  routes.post("/emit", async (c) => {
    const id = emit(world, { source: "/nylas/system", ...(await input(c, emission)) });
    return c.json({ id: id ?? null });
  });
  routes.post("/fault", async (c) => {
    const fault = await input(c, z.union([faultSchema, forcedWebhookChaos]));
    if ("route" in fault) world.faults.planned.push(fault);
    else world.chaos.forced[fault.webhook] = (world.chaos.forced[fault.webhook] ?? 0) + fault.times;
    return c.json(fault);
  });
  routes.delete("/fault", (c) => {
    clearFaults(world.faults);
    world.chaos.forced = {};
    return c.json({});
  });

  routes.get("/chaos", (c) => c.json(world.chaos.settings));
  routes.post("/chaos", async (c) => c.json(changeChaos(world, await input(c, chaosUpdate))));
  routes.delete("/chaos", (c) => c.json(changeChaos(world)));

  routes.post("/advance", async (c) => {
    world.store.clock_offset += (await input(c, advance)).seconds * 1000;
    await deliverDue(world);
    return c.json({ now: now(world) });
  });

  routes.get("/requests", (c) => c.json({ data: world.requests }));
  routes.get("/deliveries", (c) => c.json({ data: world.deliveries }));
  routes.get("/state", (c) => {
    const { grants, mailboxes, webhooks, notifications } = world.store;
    const counts = [...mailboxes].map(([grantId, mailbox]) => [grantId, mailbox.messages.size]);
    return c.json({
      now: now(world),
      grants: [...grants.values()],
      webhooks: [...webhooks.values()],
      messages: Object.fromEntries(counts),
      pending: [...notifications.values()].filter((notification) => notification.due_at !== undefined),
      chaos: world.chaos.counts,
    });
  });

  routes.onError((error, c) => {
    const status = error instanceof HTTPException ? error.status : 500;
    return c.json({ error: error.message }, status);
  });
  return routes;
}

async function input<T extends z.ZodType>(c: Context, schema: T): Promise<z.infer<T>> {
  const parsed = schema.safeParse(await c.req.json().catch(() => undefined));
  if (!parsed.success) throw new HTTPException(400, { message: z.prettifyError(parsed.error) });
  return parsed.data;
}

function grantOf(world: World, c: Context): Grant {
  const grant = findGrant(world, c.req.param("id") ?? "");
  if (!grant) throw unknown("grant");
  return grant;
}

function unknown(what: string): HTTPException {
  return new HTTPException(404, { message: `no such ${what}` });
}
