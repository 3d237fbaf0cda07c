import { notFound } from "../../lib/errors.ts";
import { sql } from "../../platform/d1/sql.ts";
import { inCompanies, ofCompany, type UserCtx } from "../context.ts";
import type { CompanyListResponse, CompanyResponse } from "./responses.ts";
import type { CompanyUpdate } from "./schemas.ts";

/** Lists the companies of the caller's token, by id. */
export async function listCompanies(ctx: UserCtx): Promise<CompanyListResponse> {
  const named = await ctx.db.all(sql<{ id: number; name: string }>`
    SELECT id, name FROM companies WHERE id ${inCompanies(ctx)}`);
  const names = new Map(named.map(({ id, name }) => [id, name]));
  const ids = ctx.user.companies.toSorted((a, b) => a - b);
  return ids.map((id) => ({ id, name: names.get(id) ?? null }));
}

/** Sets a company's name. @throws ServiceError not_found for a company outside the token */
export async function nameCompany(
  ctx: UserCtx,
  { id, name }: CompanyUpdate & { id: number },
): Promise<CompanyResponse> {
  if (!ctx.user.companies.includes(id)) throw notFound("Company");
  await ofCompany(ctx, id).db.run(sql`
    INSERT INTO companies (id, name) VALUES (${id}, ${name}) ON CONFLICT (id) DO UPDATE SET name = excluded.name`);
  return { id, name };
}
