import { Hono } from "hono";
import { responds, valid } from "../../platform/validation.ts";
import type { HubEnv } from "../context.ts";
import { ListQuery, pageOf } from "../lists.ts";
import { body, limit, sendList } from "../requests/middleware.ts";
import { createLocation, deleteLocation, updateLocation } from "./change.ts";
import { listNearby } from "./nearby.ts";
import { DistanceParam, LocationInput } from "./schemas.ts";

/** Below /api/accounts/account/location. */
export const location = () =>
  new Hono<HubEnv>({ strict: false })
    // The limit keeps one who moves about from measuring others' positions.
    .post("/", responds(201, "LocationResponse"), body(LocationInput), limit("location"), async (c) =>
      c.json(await createLocation(c.var.ctx, c.req.valid("json")), 201),
    )
    .put("/", responds(200, "LocationResponse"), body(LocationInput), limit("location"), async (c) =>
      c.json(await updateLocation(c.var.ctx, c.req.valid("json"))),
    )
    .delete("/", responds(204, null), async (c) => {
      await deleteLocation(c.var.ctx);
      return c.body(null, 204);
    })
    .get(
      "/:distance",
      responds(200, "NearbyListResponse"),
      valid("param", DistanceParam),
      valid("query", ListQuery),
      async (c) => {
        const page = pageOf(c.req.valid("query"));
        const found = await listNearby(c.var.ctx, c.req.valid("param").distance, page);
        return sendList(c, page, found);
      },
    );
