import { sql } from "drizzle-orm";
import { notFound } from "../../lib/errors.ts";
import type { UserCtx } from "../context.ts";
import { companies } from "../schema/mail.ts";
import type { CompanyListResponse, CompanyResponse, CompanyUpdate } from "./schemas.ts";

/** The companies in the caller's token, by id. */
export const listCompanies = ({ db, user }: UserCtx): Promise<CompanyListResponse> =>
  db.all(sql`
    SELECT t.value AS id, c.name FROM json_each(${JSON.stringify(user.companies)}) t
    LEFT JOIN companies c ON c.id = t.value ORDER BY t.value`);

/**
 * Names a company.
 * @throws ApiError 404 when it is not in the caller's token
 */
export async function nameCompany(
  { db, user }: UserCtx,
  { id, name }: CompanyUpdate & { id: number },
): Promise<CompanyResponse> {
  if (!user.companies.includes(id)) throw notFound("Company");
  await db.insert(companies).values({ id, name }).onConflictDoUpdate({ target: companies.id, set: { name } });
  return { id, name };
}
