import { type SQL, sql } from "../../platform/d1/sql.ts";
import { log } from "../../platform/log.ts";
import type { Ctx } from "../context.ts";
import { ask } from "../engine.ts";
import type { Status, StatusMessage } from "./schemas.ts";

/** Longer than the creation of an account takes: until then its row counts as deleted. */
const SETTLED_MS = 600_000;

interface Told {
  tenant_id: string;
  user_id: string;
  deleted_at: number | null;
}

/**
 * The statement that keeps what a mailbox told of itself, unless something newer is known.
 * @param at when it told so, in milliseconds since the epoch
 */
export const keepStatus = (accountId: string, status: Status, at: number): SQL<Told> => sql<Told>`
  UPDATE es_accounts SET
    state = ${status.state}, is_syncing = ${Number(status.isSyncing)}, last_sync_at = ${status.lastSyncAt},
    last_error = ${status.lastError && JSON.stringify(status.lastError)},
    capabilities = ${JSON.stringify(status.capabilities)}, key_id = ${status.keyId}, status_at = ${at}
  WHERE id = ${accountId} AND status_at <= ${at}
  RETURNING tenant_id, user_id, deleted_at`;

/**
 * Keeps what a mailbox told. A mailbox that works though its account is deleted is closed again: the deletion, or a
 * creation that was refused, may have died before it did so.
 */
export async function noteStatus(ctx: Ctx, { accountId, status, at }: StatusMessage): Promise<void> {
  const [row] = await ctx.db.all(keepStatus(accountId, status, at));
  if (!row || row.deleted_at === null || status.state === "closed") return;
  if (row.deleted_at > Date.now() - SETTLED_MS) return;
  log("warn", "mailbox.stray", { account: accountId });
  const owner = { accountId, tenantId: row.tenant_id, userId: row.user_id };
  await ask(ctx, owner, (mailbox, of) => mailbox.close(of));
}
