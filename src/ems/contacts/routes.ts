import { Hono } from "hono";
import { responds, valid } from "../../platform/validation.ts";
import type { EmsEnv } from "../context.ts";
import { ContactsQuery } from "./schemas.ts";
import { listContacts } from "./service.ts";

export const contacts = new Hono<EmsEnv>({ strict: false }).get(
  "/",
  responds(200, "ContactListResponse"),
  valid("query", ContactsQuery),
  async (c) => c.json(await listContacts(c.var.ctx, c.req.valid("query"))),
);
