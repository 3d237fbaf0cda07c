import { log } from "../../platform/log.ts";
import { rowOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";
import type { MailboxStatus, StatusChange } from "../contract.ts";
import { accountOf, findAccount } from "../store/account.ts";

/** How much newer the last sync must be to be told of by itself, in milliseconds. */
const NEWER = 5 * 60_000;

/** How long to wait after the queue has failed, in milliseconds. */
const RETRY = 60_000;

const RETRY_KEY = "tell_after";

/** @throws MailError NOT_FOUND before the mailbox is first opened */
export function statusOf(ctx: MailboxContext): MailboxStatus {
  const { state, lastSyncAt, lastError, capabilities, keyId } = accountOf(ctx);
  return { state, isSyncing: isSyncing(ctx), lastSyncAt, lastError, capabilities, keyId };
}

const isSyncing = (ctx: MailboxContext): boolean =>
  rowOf(
    ctx,
    "SELECT 1 AS found FROM tasks WHERE kind = 'sync' AND status IN ('pending', 'started', 'retry') LIMIT 1",
  ) !== undefined;

/** When the Worker is to be told of the status: now, if it has changed. */
export function nextTelling(ctx: MailboxContext): number | null {
  return news(ctx) ? Math.max(Date.now(), ctx.storage.kv.get<number>(RETRY_KEY) ?? 0) : null;
}

/** Tells the Worker of a status that has changed, at least once. The time of a telling is later than of all before. */
export async function tellStatus(ctx: MailboxContext): Promise<void> {
  const found = news(ctx);
  if (!found) return;
  const { status, accountId, toldAt } = found;
  const at = Math.max(Date.now(), toldAt + 1);
  ctx.sql.exec("UPDATE account SET told_at = ?", at);
  try {
    await ctx.env.MAIL.send({ type: "status", accountId, status, at } satisfies StatusChange);
    ctx.sql.exec("UPDATE account SET told = ? WHERE told_at = ?", JSON.stringify(status), at);
  } catch (error) {
    log("warn", "mailbox.status_not_told", { error });
    ctx.storage.kv.put(RETRY_KEY, Date.now() + RETRY);
  }
}

/** The status, if the Worker does not know it. */
function news(ctx: MailboxContext) {
  const account = findAccount(ctx);
  const row = rowOf<{ told: string | null; told_at: number | null }>(
    ctx,
    "SELECT told, told_at FROM account",
  );
  if (!account || !row) return undefined;
  const status = statusOf(ctx);
  const told: MailboxStatus | null = row.told === null ? null : JSON.parse(row.told);
  return isNews(told, status)
    ? { status, accountId: account.accountId, toldAt: row.told_at ?? 0 }
    : undefined;
}

function isNews(told: MailboxStatus | null, status: MailboxStatus): boolean {
  if (!told) return true;
  const { lastSyncAt: before, ...known } = told;
  const { lastSyncAt: now, ...found } = status;
  return JSON.stringify(known) !== JSON.stringify(found) || (now ?? 0) - (before ?? 0) >= NEWER;
}
