import { sql } from "drizzle-orm";
import { notFound } from "../../lib/errors.ts";
import { toIsoOrNull } from "../../lib/time.ts";
import { batch, inCompanies, type UserCtx } from "../context.ts";
import type { SyncResponse } from "./schemas.ts";

interface SyncRow {
  status_reason: string | null;
  state: SyncResponse["state"] | null;
  fetched: number | null;
  estimated_total: number | null;
  oldest_at: number | null;
  swept_at: number | null;
  repaired: number | null;
  last_error: string | null;
}

/**
 * How far an account's mail has come: its history, its notifications and its sweeps.
 * @throws ServiceError `not_found`
 */
export async function getSync(ctx: UserCtx, id: string): Promise<SyncResponse> {
  const [accounts, deliveries] = await batch(ctx, [
    sql`
      SELECT a.status_reason, s.state, s.fetched, s.estimated_total, s.oldest_at, s.swept_at, s.repaired, s.last_error
      FROM ems_accounts a LEFT JOIN ems_syncs s ON s.account_id = a.id
      WHERE a.id = ${id} AND a.company_id ${inCompanies(ctx)}`,
    sql`
      SELECT d.received_at, d.finished_at - d.occurred_at AS lag FROM ems_deliveries d
      JOIN ems_accounts a ON a.id = d.account_id AND a.company_id ${inCompanies(ctx)}
      WHERE d.account_id = ${id} ORDER BY d.received_at DESC, d.id DESC LIMIT 1`,
  ]);
  const [row] = accounts as SyncRow[];
  if (!row) throw notFound("Email account");
  const [delivery] = deliveries as { received_at: number; lag: number | null }[];
  return {
    account_id: id,
    state: row.state ?? "none",
    fetched: row.fetched ?? 0,
    estimated_total: row.estimated_total,
    oldest_date: toIsoOrNull(row.oldest_at),
    last_webhook_at: toIsoOrNull(delivery?.received_at ?? null),
    last_sweep_at: toIsoOrNull(row.swept_at),
    lag_seconds: delivery?.lag == null ? null : Math.max(delivery.lag, 0),
    repaired_count: row.repaired ?? 0,
    last_error: row.last_error,
    disconnected_reason: row.status_reason,
  };
}
