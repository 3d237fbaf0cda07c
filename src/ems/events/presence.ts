import { notFound } from "../../lib/errors.ts";
import { sql } from "../../platform/d1/sql.ts";
import { inCompanies, ofCompany, type UserCtx } from "../context.ts";
import { isNews, type Kept, keepName } from "../names.ts";
import { hubOf } from "./hub-client.ts";
import { LEASE_MS } from "./leases.ts";
import type { PresenceRequest } from "./presence-schemas.ts";
import type { PresenceResponse } from "./responses.ts";

/**
 * Announces what the caller does in a thread, and keeps their name for colleagues. The company's other users get an
 * event if the state changed. It expires after 30 s, and only the company's hub stores it.
 * @throws ServiceError not_found
 */
export async function announcePresence(
  ctx: UserCtx,
  { thread_id, state }: PresenceRequest & { thread_id: string },
): Promise<PresenceResponse> {
  const { user_id, name } = ctx.user;
  const [thread] = await ctx.db.all(sql<{ company_id: number } & Kept>`
    SELECT t.company_id, u.name, u.seen_at FROM ems_threads t
    LEFT JOIN ems_users u ON u.company_id = t.company_id AND u.user_id = ${user_id}
    WHERE t.id = ${thread_id} AND t.company_id ${inCompanies(ctx)}`);
  if (!thread) throw notFound("Thread");
  const { company_id } = thread;
  if (isNews(ctx.user, thread)) await ofCompany(ctx, company_id).db.run(keepName(ctx.user, [company_id]));
  const others = await hubOf(ctx.env, company_id).announce({ thread_id, user_id, name, state });
  return {
    thread_id,
    state,
    expires_in: state === "left" ? 0 : LEASE_MS / 1000,
    others: others.map((other) => ({ user_id: other.user_id, name: other.name, state: other.state })),
  };
}
