import { notFound, ServiceError } from "../../lib/errors.ts";
import { sql } from "../../platform/d1/sql.ts";
import { inCompanies, ofCompany, type UserCtx } from "../context.ts";
import { hubOf } from "../events/hub-client.ts";
import type { CompanyListResponse, CompanyResponse, MoveResponse } from "./responses.ts";
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

/**
 * Begins to move a company's rows from D1 to its Durable Object. Repeating it changes nothing.
 * @returns where the rows are, and how far the move is
 * @throws ServiceError not_found for a company outside the token; conflict with STORE=d1, or while another company is
 *   being moved
 */
export async function moveCompany(ctx: UserCtx, id: number): Promise<MoveResponse> {
  const object = objectOfOwn(ctx, id);
  if (!(await object.beginMove())) {
    throw new ServiceError("conflict", "Another company is being moved; try again when it has ended");
  }
  return object.moveStatus();
}

/** Says where a company's rows are. @throws ServiceError as `moveCompany` */
export const moveStatus = async (ctx: UserCtx, id: number): Promise<MoveResponse> =>
  objectOfOwn(ctx, id).moveStatus();

function objectOfOwn({ config, env, user }: UserCtx, id: number) {
  if (!user.companies.includes(id)) throw notFound("Company");
  if (config.STORE === "d1") {
    throw new ServiceError("conflict", "Companies stay in D1 here; deploy with STORE=objects to move one");
  }
  return hubOf(env, id);
}
