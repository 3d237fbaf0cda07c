import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { providerFaults } from "../faults/middleware.ts";
import type { Api, GrantApi } from "../http/api.ts";
import { ApiError } from "../http/errors.ts";
import { deleteGrant, findGrant } from "../mailboxes/grants.ts";
import type { Grant } from "../store/store.ts";
import type { World } from "../store/world.ts";
import { limitApplication } from "./limits.ts";

/** Sets the grant of the request. Answers 404 for an unknown grant and 401 for an expired one. */
export function requireGrant(world: World) {
  return createMiddleware<GrantApi>(async (c, next) => {
    const grant = knownGrant(world, c.req.param("grant") ?? "");
    if (grant.grant_status === "invalid") {
      const message = "Request had invalid authentication credentials.";
      throw new ApiError(401, "unauthorized", "Unauthorized", { code: 401, message });
    }
    c.set("grant", grant);
    await next();
  });
}

/** Read and delete, under /v3/grants. */
export function grantRoutes(world: World): Hono<Api> {
  const routes = new Hono<Api>();
  const limit = limitApplication(world);
  const faults = providerFaults(world);

  routes.get("/:id", limit, faults, (c) => {
    const data = grantObject(knownGrant(world, c.req.param("id")));
    return c.json({ request_id: c.get("requestId"), data });
  });

  routes.delete("/:id", limit, faults, (c) => {
    const grant = knownGrant(world, c.req.param("id"));
    deleteGrant(world, grant);
    return c.json({ request_id: c.get("requestId") });
  });

  return routes;
}

function knownGrant(world: World, name: string): Grant {
  const grant = findGrant(world, name);
  if (!grant) throw new ApiError(404, "grant.not_found", "No Grant found");
  return grant;
}

function grantObject({ expired_at: _, ...grant }: Grant) {
  return { ...grant, settings: {} };
}
