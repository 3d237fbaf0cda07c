import { notFound } from "../../lib/errors.ts";
import { toIsoOrNull } from "../../lib/time.ts";
import type { RowOf } from "../../platform/d1/rows.ts";
import { sql } from "../../platform/d1/sql.ts";
import { batch, inCompanies, type UserCtx } from "../context.ts";
import type { syncs } from "../schema/intake.ts";
import type { accounts } from "../schema/mail.ts";
import type { SyncResponse } from "./responses.ts";

type SyncColumns =
  | ("state" | "fetched" | "estimated_total" | "oldest_at")
  | ("swept_at" | "repaired" | "last_error");

/** Null when the account has no row in ems_syncs. */
type SyncRow = Pick<RowOf<typeof accounts>, "status_reason"> & {
  [Column in SyncColumns]: RowOf<typeof syncs>[Column] | null;
};

/** Reports the progress of an account's history, notifications and sweeps. @throws ServiceError not_found */
export async function getSync(ctx: UserCtx, id: string): Promise<SyncResponse> {
  const [[row], [delivery]] = await batch(ctx, [
    sql<SyncRow>`
      SELECT a.status_reason, s.state, s.fetched, s.estimated_total, s.oldest_at, s.swept_at, s.repaired, s.last_error
      FROM ems_accounts a LEFT JOIN ems_syncs s ON s.account_id = a.id
      WHERE a.id = ${id} AND a.company_id ${inCompanies(ctx)}`,
    sql<{ received_at: number; lag: number | null }>`
      SELECT d.received_at, d.finished_at - d.occurred_at AS lag FROM ems_deliveries d
      JOIN ems_accounts a ON a.id = d.account_id AND a.company_id ${inCompanies(ctx)}
      WHERE d.account_id = ${id} ORDER BY d.received_at DESC, d.id DESC LIMIT 1`,
  ]);
  if (!row) throw notFound("Email account");
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
