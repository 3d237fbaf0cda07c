import { Hono } from "hono";
import { gatewayFaults, providerFaults } from "../faults/middleware.ts";
import type { Api, GrantApi } from "../http/api.ts";
import { answerError, recordRequests, requireApiKey } from "../http/api.ts";
import { compressed } from "../http/compression.ts";
import { notFound } from "../http/errors.ts";
import type { World } from "../store/world.ts";
import { attachmentRoutes } from "./attachments.ts";
import { folderRoutes } from "./folders.ts";
import { grantRoutes, requireGrant } from "./grants.ts";
import { hostedAuthRoutes } from "./hosted-auth.ts";
import { idempotent } from "./idempotency.ts";
import { limitGrant } from "./limits.ts";
import { messageRoutes } from "./messages.ts";
import { sendRoute } from "./send.ts";
import { webhookRoutes } from "./webhooks.ts";

/** The part of the Nylas API that the stand-in simulates. */
export function apiRoutes(world: World, apiKey: string): Hono<Api> {
  const mail = new Hono<GrantApi>();
  mail.use(requireGrant(world), limitGrant(world));
  // Before providerFaults, which strike inside the Idempotency-Key.
  mail.use("/messages/send", idempotent(world));
  mail.use(providerFaults(world));
  mail.route("/messages/send", sendRoute(world));
  mail.route("/messages", messageRoutes(world));
  mail.route("/folders", folderRoutes(world));
  mail.route("/attachments", attachmentRoutes(world));

  const api = new Hono<Api>();
  api.use(recordRequests(world), gatewayFaults(world), compressed);
  api.route("/v3/connect", hostedAuthRoutes(world, apiKey));
  api.use(requireApiKey(apiKey));
  api.route("/v3/grants", grantRoutes(world));
  api.route("/v3/webhooks", webhookRoutes(world));
  api.route("/v3/grants/:grant", mail);
  api.all("*", (c) => {
    throw notFound(`no such route: ${c.req.method} ${c.req.path}`);
  });
  api.onError((error, c) => answerError(error, c));
  return api;
}
