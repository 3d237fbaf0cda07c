import { Hono } from "hono";
import { requireRole } from "../../platform/auth/middleware.ts";
import { answer, noQuery, valid } from "../../platform/validation.ts";
import type { EmsEnv } from "../context.ts";
import { eraseCompany } from "../erasure/erase.ts";
import { CompanyListResponse, CompanyParam, CompanyResponse, CompanyUpdate } from "./schemas.ts";
import { listCompanies, nameCompany } from "./service.ts";

export const companies = new Hono<EmsEnv>({ strict: false })
  .get("/", answer(200, CompanyListResponse), valid("query", noQuery), async (c) =>
    c.json(await listCompanies(c.var.ctx)),
  )
  .put(
    "/:company_id",
    answer(200, CompanyResponse),
    requireRole("admin"),
    valid("param", CompanyParam),
    valid("json", CompanyUpdate),
    async (c) => {
      const { company_id: id } = c.req.valid("param");
      return c.json(await nameCompany(c.var.ctx, { id, ...c.req.valid("json") }));
    },
  )
  .delete(
    "/:company_id",
    answer(204, null),
    requireRole("admin"),
    valid("param", CompanyParam),
    async (c) => {
      await eraseCompany(c.var.ctx, c.req.valid("param").company_id);
      return c.body(null, 204);
    },
  );
