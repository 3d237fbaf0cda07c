import { notFound } from "../../lib/errors.ts";
import { sql } from "../../platform/d1/sql.ts";
import { inCompanies, type UserCtx } from "../context.ts";
import { hubOf } from "./hub-client.ts";
import { LEASE_MS } from "./leases.ts";
import type { PresenceRequest } from "./presence-schemas.ts";
import type { PresenceResponse } from "./responses.ts";

/**
 * Announces what the caller does in a thread. The company's other users get an event if the state changed. It expires
 * after 30 s, and only the company's hub stores it.
 * @throws ServiceError not_found
 */
export async function announcePresence(
  ctx: UserCtx,
  { thread_id, state }: PresenceRequest & { thread_id: string },
): Promise<PresenceResponse> {
  const [thread] = await ctx.db.all(sql<{ company_id: number }>`
    SELECT company_id FROM ems_threads WHERE id = ${thread_id} AND company_id ${inCompanies(ctx)}`);
  if (!thread) throw notFound("Thread");
  const { user_id } = ctx.user;
  const others = await hubOf(ctx.env, thread.company_id).announce({ thread_id, user_id, state });
  return {
    thread_id,
    state,
    expires_in: state === "left" ? 0 : LEASE_MS / 1000,
    others: others.map((other) => ({ user_id: other.user_id, state: other.state })),
  };
}
