import { Hono } from "hono";
import { noQuery, responds, valid } from "../../platform/validation.ts";
import type { EmsEnv } from "../context.ts";
import { UsersQuery } from "./schemas.ts";
import { describeCaller, listUsers } from "./service.ts";

export const me = new Hono<EmsEnv>({ strict: false }).get(
  "/",
  responds(200, "MeResponse"),
  valid("query", noQuery),
  async (c) => c.json(await describeCaller(c.var.ctx)),
);

export const users = new Hono<EmsEnv>({ strict: false }).get(
  "/",
  responds(200, "UserListResponse"),
  valid("query", UsersQuery),
  async (c) => c.json(await listUsers(c.var.ctx, c.req.valid("query"))),
);
