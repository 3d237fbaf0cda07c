import { Hono } from "hono";
import { noQuery, responds, valid } from "../../platform/validation.ts";
import type { EmsEnv } from "../context.ts";
import { eraseCompany } from "../erasure/erase.ts";
import { requireAdmin } from "../middleware.ts";
import { CompanyParam, CompanyUpdate } from "./schemas.ts";
import { listCompanies, moveCompany, moveStatus, nameCompany } from "./service.ts";

export const companies = new Hono<EmsEnv>({ strict: false })
  .get("/", responds(200, "CompanyListResponse"), valid("query", noQuery), async (c) =>
    c.json(await listCompanies(c.var.ctx)),
  )
  .put(
    "/:company_id",
    responds(200, "CompanyResponse"),
    requireAdmin,
    valid("param", CompanyParam),
    valid("json", CompanyUpdate),
    async (c) => {
      const { company_id: id } = c.req.valid("param");
      return c.json(await nameCompany(c.var.ctx, { id, ...c.req.valid("json") }));
    },
  )
  .get(
    "/:company_id/move",
    responds(200, "MoveResponse"),
    requireAdmin,
    valid("param", CompanyParam),
    async (c) => c.json(await moveStatus(c.var.ctx, c.req.valid("param").company_id)),
  )
  .post(
    "/:company_id/move",
    responds(202, "MoveResponse"),
    requireAdmin,
    valid("param", CompanyParam),
    async (c) => c.json(await moveCompany(c.var.ctx, c.req.valid("param").company_id), 202),
  )
  .delete("/:company_id", responds(204, null), requireAdmin, valid("param", CompanyParam), async (c) => {
    await eraseCompany(c.var.ctx, c.req.valid("param").company_id);
    return c.body(null, 204);
  });
