import type { Context } from "hono";
import { Hono } from "hono";
import { z } from "zod";
import { providerFaults } from "../faults/middleware.ts";
import type { Api } from "../http/api.ts";
import { jsonObject } from "../http/api.ts";
import { ApiError } from "../http/errors.ts";
import { uuid, webhookSecret } from "../store/ids.ts";
import type { Store, Webhook } from "../store/store.ts";
import type { World } from "../store/world.ts";
import { now, unixNow } from "../store/world.ts";
import { reach } from "../webhooks/outgoing.ts";
import { setStatus } from "../webhooks/state.ts";
import { MAIL_TRIGGERS } from "../webhooks/triggers.ts";
import { limitApplication } from "./limits.ts";

/** A webhook that exists from the start, without a challenge. */
export interface RegisteredWebhook {
  url: string;
  /** Default: all mail triggers. */
  triggers?: string[];
  secret: string;
  compressed?: boolean;
}

const destination = z.object({
  trigger_types: z.array(z.enum(MAIL_TRIGGERS)).min(1),
  webhook_url: z.url({ protocol: /^https?$/ }).refine(isAllowed, "must be https, or on this machine"),
  description: z.string().default(""),
  notification_email_addresses: z.array(z.string()).default([]),
  compressed_delivery: z.boolean().default(false),
});

const destinationChanges = z.object({
  trigger_types: destination.shape.trigger_types.optional(),
  webhook_url: destination.shape.webhook_url.optional(),
  description: z.string().optional(),
  notification_email_addresses: z.array(z.string()).optional(),
  compressed_delivery: z.boolean().optional(),
  /** Nylas: the guide says `inactive`, the reference `pause`. Both mean `pause` here. */
  status: z.enum(["active", "pause", "inactive"]).optional(),
});

/** Adds webhooks to the store. If a URL is known, only its secret changes. */
export function registerWebhooks(store: Store, webhooks: RegisteredWebhook[], at: number): void {
  for (const { url, triggers = MAIL_TRIGGERS, secret, compressed = false } of webhooks) {
    const known = [...store.webhooks.values()].find((webhook) => webhook.webhook_url === url);
    if (known) {
      known.webhook_secret = secret;
      continue;
    }
    const settings = { webhook_url: url, trigger_types: [...triggers], compressed_delivery: compressed };
    const rest = { description: "", notification_email_addresses: [] };
    addWebhook(store, { ...settings, ...rest }, secret, Math.floor(at / 1000));
  }
}

/** Management of webhooks, under /v3/webhooks. */
export function webhookRoutes(world: World): Hono<Api> {
  const routes = new Hono<Api>();
  routes.use(limitApplication(world), providerFaults(world));

  routes.get("/", (c) => {
    const data = [...world.store.webhooks.values()].map(webhookObject);
    return c.json({ request_id: c.get("requestId"), data });
  });

  routes.post("/", async (c) => {
    const settings = validated(destination, c);
    refuseTakenUrl(world, settings.webhook_url);
    await challenge(world, settings.webhook_url);
    const secret = webhookSecret(world.store);
    const webhook = addWebhook(world.store, settings, secret, unixNow(world));
    return c.json({ request_id: c.get("requestId"), data: withSecret(webhook) });
  });

  routes.post("/rotate-secret/:id", (c) => {
    const webhook = webhookOf(world, c.req.param("id"));
    webhook.webhook_secret = webhookSecret(world.store);
    webhook.updated_at = unixNow(world);
    return c.json({ request_id: c.get("requestId"), data: withSecret(webhook) });
  });

  routes.get("/:id", (c) => {
    const data = webhookObject(webhookOf(world, c.req.param("id")));
    return c.json({ request_id: c.get("requestId"), data });
  });

  routes.put("/:id", async (c) => {
    const webhook = webhookOf(world, c.req.param("id"));
    const { status, ...changes } = validated(destinationChanges, c);
    const url = changes.webhook_url ?? webhook.webhook_url;
    if (url !== webhook.webhook_url) refuseTakenUrl(world, url);
    if (status === "active" || url !== webhook.webhook_url) await challenge(world, url);
    Object.assign(webhook, changes, { updated_at: unixNow(world) });
    if (status === "active") webhook.tallies = [];
    if (status) setStatus(webhook, status === "active" ? "active" : "pause", now(world));
    return c.json({ request_id: c.get("requestId"), data: webhookObject(webhook) });
  });

  routes.delete("/:id", (c) => {
    world.store.webhooks.delete(webhookOf(world, c.req.param("id")).id);
    return c.json({ request_id: c.get("requestId"), data: { status: "success" } });
  });

  return routes;
}

/**
 * Nylas: sends one GET, and expects a 200 with exactly the challenge as its body within ten seconds, not chunked.
 * @throws ApiError 400 otherwise
 */
async function challenge(world: World, webhookUrl: string): Promise<void> {
  const url = new URL(webhookUrl);
  const expected = uuid(world.store);
  url.searchParams.set("challenge", expected);
  const headers = { "accept-encoding": "gzip" };
  const problem = await reach(world, url.href, { headers }, async (answer) => {
    if (answer.status !== 200) return `status is not ok, got ${answer.status}`;
    if (answer.headers.get("transfer-encoding")?.includes("chunked")) return "response is chunked";
    return (await answer.text()) === expected ? undefined : "challenge is not the response body";
  }).catch((error: unknown) => String(error));
  if (problem) throw destinationError("70005", `unable.verify.webhook_url : ${problem}`);
}

function destinationError(type: string, message: string): ApiError {
  return new ApiError(400, type, message);
}

function validated<T extends z.ZodType>(schema: T, c: Context<Api>): z.infer<T> {
  const parsed = schema.safeParse(jsonObject(c.get("body")));
  if (!parsed.success) throw destinationError("70001", z.prettifyError(parsed.error));
  return parsed.data;
}

function refuseTakenUrl(world: World, url: string): void {
  const taken = [...world.store.webhooks.values()].some((webhook) => webhook.webhook_url === url);
  if (taken) throw destinationError("70001", "webhook_url.exists : every webhook needs its own URL");
}

function isAllowed(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" || ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
}

function webhookOf(world: World, id: string): Webhook {
  const webhook = world.store.webhooks.get(id);
  if (!webhook) throw destinationError("70000", "destination.id.not.found : record not found");
  return webhook;
}

function addWebhook(
  store: Store,
  settings: z.infer<typeof destination>,
  secret: string,
  at: number,
): Webhook {
  const times = { status_updated_at: at, created_at: at, updated_at: at };
  const webhook: Webhook = {
    id: uuid(store),
    ...settings,
    webhook_secret: secret,
    status: "active",
    ...times,
    tallies: [],
  };
  store.webhooks.set(webhook.id, webhook);
  return webhook;
}

// Nylas: only create and rotate show the secret.
function webhookObject({ tallies: _, webhook_secret: __, ...webhook }: Webhook) {
  return webhook;
}

function withSecret(webhook: Webhook) {
  return { ...webhookObject(webhook), webhook_secret: webhook.webhook_secret };
}
