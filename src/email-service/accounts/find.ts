import { withDeadline } from "../../lib/deadline.ts";
import { notFound, ServiceError } from "../../lib/errors.ts";
import type { Outcome, Owner } from "../../mailbox/contract.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { log } from "../../platform/log.ts";
import type { UserCtx } from "../context.ts";
import { ask, type Mailbox } from "../engine.ts";
import type { AccountListResponse, AccountResponse } from "./responses.ts";
import { type AccountRow, ownerOf, toAccount } from "./row.ts";
import type { AccountsQuery } from "./schemas.ts";

/** The condition on every row: the caller's own accounts, or all of the tenant for an admin. */
export const visibleTo = ({ caller: { tenantId, userId, isAdmin } }: Pick<UserCtx, "caller">): SQL =>
  isAdmin
    ? sql`tenant_id = ${tenantId} AND deleted_at IS NULL`
    : sql`tenant_id = ${tenantId} AND user_id = ${userId} AND deleted_at IS NULL`;

/** @throws ServiceError not_found for an account that the caller may not see */
export async function findAccount(ctx: UserCtx, id: string): Promise<AccountRow> {
  const [row] = await ctx.db.all(sql<AccountRow>`
    SELECT * FROM es_accounts WHERE id = ${id} AND ${visibleTo(ctx)}`);
  if (!row) throw notFound(`Account with ID '${id}'`);
  return row;
}

/** Lists the accounts that the caller may see, oldest first. */
export async function listAccounts(
  ctx: UserCtx,
  { limit, offset }: AccountsQuery,
): Promise<AccountListResponse> {
  const [rows, [count]] = await ctx.db.batch([
    sql<AccountRow>`
      SELECT * FROM es_accounts WHERE ${visibleTo(ctx)} ORDER BY id LIMIT ${limit} OFFSET ${offset}`,
    sql<{ total: number }>`SELECT count(*) AS total FROM es_accounts WHERE ${visibleTo(ctx)}`,
  ]);
  return {
    accounts: rows.map((row) => toAccount(row)),
    pagination: { total: count?.total ?? 0, limit, offset },
  };
}

/** After this, the last known status is good enough. */
const LIVE_MS = 3000;

/**
 * Gets an account as its mailbox is now, or as it last told if it cannot be reached.
 * @throws ServiceError not_found
 */
export async function getAccount(ctx: UserCtx, id: string): Promise<AccountResponse> {
  const row = await findAccount(ctx, id);
  const asked = withDeadline(LIVE_MS, () =>
    ask(ctx, ownerOf(row), (mailbox, owner) => mailbox.status(owner)),
  );
  const live = await asked.catch((error) => {
    if (!(error instanceof ServiceError)) log("warn", "mailbox.silent", { account: id, error });
    return null;
  });
  return toAccount(row, live?.status);
}

/**
 * Asks the mailbox of an account that the caller may see.
 * @throws ServiceError not_found; otherwise as `ask`
 */
export async function askAccount<T extends object>(
  ctx: UserCtx,
  accountId: string,
  call: (mailbox: Mailbox, owner: Owner) => Promise<Outcome<T>>,
): Promise<{ ok: true } & T> {
  return ask(ctx, ownerOf(await findAccount(ctx, accountId)), call);
}
