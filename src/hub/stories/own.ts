import { notFound } from "../../lib/errors.ts";
import { sql } from "../../platform/d1/sql.ts";
import type { UserCtx } from "../context.ts";

/** Requires that a story is the user's own, active or in the archive. @throws ServiceError not_found */
export async function requireOwn({ db, user }: UserCtx, story: number): Promise<void> {
  const [own] = await db.all(sql`SELECT 1 FROM hub_stories WHERE id = ${story} AND owner_id = ${user.id}`);
  if (!own) throw notFound("Story");
}
