import { forbidden, invalid, notFound, ServiceError } from "../../lib/errors.ts";
import { uuidv7 } from "../../lib/ids.ts";
import { nowSeconds, toIso, toIsoOrNull } from "../../lib/time.ts";
import type { RowOf } from "../../platform/d1/rows.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { isUniqueViolation } from "../../platform/d1/unique.ts";
import { assign, type Changes, insertInto } from "../../platform/d1/write.ts";
import { batch, inCompanies, ofCompany, type UserCtx } from "../context.ts";
import { claimMailbox, holdersOf } from "../directory.ts";
import { notifyHub } from "../events/hub-client.ts";
import { appendEvents, newestEvent } from "../events/log.ts";
import { startBackfill } from "../intake/backfill.ts";
import { byAddress, readAtOf } from "../lists/page.ts";
import type { Grant } from "../provider/port.ts";
import { throwUnavailable } from "../provider/unavailable.ts";
import type { accounts } from "../schema/mail.ts";
import type { AccountResponse } from "./responses.ts";
import type { AccountCreate, AccountUpdate } from "./schemas.ts";

type AccountColumns =
  | ("id" | "company_id" | "email_address" | "display_name" | "provider")
  | ("status" | "last_sync_at" | "created_at" | "grant_id");

type AccountRow = Pick<RowOf<typeof accounts>, AccountColumns> & { company_name: string | null };

const TAKEN = "Email account with this email address/grant already exists.";

/**
 * Lists the accounts of the caller's companies by address.
 * @returns the list, and the event position it was read at
 */
export async function listAccounts(ctx: UserCtx): Promise<{ list: AccountResponse[]; readAt: string }> {
  const [newest, rows] = await batch(ctx, [newestEvent, accountsWhere(ctx, sql`true`)]);
  const list = rows.sort(byAddress).map(toResponse);
  return { list, readAt: readAtOf(ctx, newest) };
}

/** @throws ServiceError not_found */
export async function getAccount(ctx: UserCtx, id: string): Promise<AccountResponse> {
  return toResponse(await findAccount(ctx, id));
}

/**
 * Connects a mailbox to a company, or reconnects a disconnected one of that company. With a grant it starts
 * `syncing`, else it is `disconnected`. Only a grant proves ownership of an address, so an unproven claim blocks
 * no other company.
 * @throws ServiceError forbidden for a company outside the token; invalid for a taken address or grant, and for a
 *   grant that is unknown, expired or of another address; provider_failed when the provider fails; unavailable
 *   when the backfill cannot be queued
 */
export async function createAccount(ctx: UserCtx, input: AccountCreate): Promise<AccountResponse> {
  if (!ctx.user.companies.includes(input.company_id)) throw forbidden("No access to this company");
  const old = await findReconnectable(ctx, input);
  const grant = input.grant_id ? await claimGrant(ctx, input.grant_id, input.email_address) : null;
  const id = old?.id ?? uuidv7();
  const companyCtx = ofCompany(ctx, input.company_id);
  const { company_id, email_address } = input;
  const isFree = !grant || (await claimMailbox(ctx, { company_id, email_address, grant_id: grant.id }));
  if (!isFree || !(await writeAccount(companyCtx, id, { ...input, grant }))) throw invalid(TAKEN);
  if (grant) await beginSync(companyCtx, { id, company_id });
  return getAccount(ctx, id);
}

/**
 * Changes an account's display name or status. `syncing` reads the mailbox's history again.
 * @throws ServiceError not_found; invalid for activating an account without a grant; unavailable when the backfill
 *   cannot be queued
 */
export async function updateAccount(
  ctx: UserCtx,
  input: AccountUpdate & { id: string },
): Promise<AccountResponse> {
  const account = await findAccount(ctx, input.id);
  const { display_name = account.display_name, status = account.status } = input;
  if (status !== "disconnected" && account.grant_id === null) {
    throw invalid(`status: this account has no grant; connect it again before it can be ${status}`);
  }
  await batch(ctx, [
    sql`
      UPDATE ems_accounts SET display_name = ${display_name}, status = ${status} ${statusColumns(input.status)}
      WHERE id = ${account.id} AND company_id ${inCompanies(ctx)}`,
    accountUpdated(account.id),
  ]);
  notifyHub(ctx, account.company_id);
  if (input.status === "syncing") await beginSync(ofCompany(ctx, account.company_id), account);
  return getAccount(ctx, account.id);
}

/**
 * Disconnects a mailbox and revokes its grant. All mail stays. Repeating it changes nothing.
 * @throws ServiceError not_found; provider_failed when the provider fails, before anything has changed
 */
export async function disconnectAccount(ctx: UserCtx, id: string): Promise<void> {
  const account = await findAccount(ctx, id);
  const { grant_id } = account;
  if (grant_id) await ctx.providerOf({ grant_id }).revokeGrant(grant_id).catch(throwUnavailable);
  await batch(ctx, [
    sql`
      UPDATE ems_accounts SET status = 'disconnected', grant_id = NULL, status_reason = ${BY_USER},
        disconnected_by_user = 1
      WHERE id = ${account.id} AND company_id ${inCompanies(ctx)}`,
    accountUpdated(account.id),
  ]);
  notifyHub(ctx, account.company_id);
}

const BY_USER = "Disconnected by a user";

/** Other columns that change when a user sets a status. */
function statusColumns(status: AccountUpdate["status"]): SQL {
  if (status === undefined) return sql``;
  const isByUser = status === "disconnected";
  return sql`, status_reason = ${isByUser ? BY_USER : null}, disconnected_by_user = ${isByUser}`;
}

/** Appends the event that an account changed. */
const accountUpdated = (id: string): SQL =>
  appendEvents(sql`
    SELECT company_id, NULL, 'account.updated', NULL, NULL, id, ${`account.updated/${crypto.randomUUID()}`}
    FROM ems_accounts WHERE id = ${id}`);

type ExistingAccount = Pick<RowOf<typeof accounts>, "id" | "status" | "proven_at">;

/**
 * Finds the company's disconnected account that this request reconnects.
 * @throws ServiceError invalid when the company's account is connected, or another company has proven the address
 */
async function findReconnectable(ctx: UserCtx, input: AccountCreate): Promise<ExistingAccount | undefined> {
  const { company_id, email_address } = input;
  const holders = await holdersOf(ctx, email_address);
  const [own] = await ofCompany(ctx, company_id).db.all(sql<ExistingAccount>`
    SELECT id, status, proven_at FROM ems_accounts
    WHERE company_id = ${company_id} AND lower(email_address) = lower(${email_address})`);
  const isForeign = holders.some((holder) => holder !== company_id);
  if (isForeign || (own && own.status !== "disconnected")) throw invalid(TAKEN);
  return own;
}

/** Security: the grant must be for this very address. Else anyone could claim another company's mailbox. */
async function claimGrant(ctx: UserCtx, grantId: string, address: string): Promise<Grant> {
  const grant = await ctx.providerOf({ grant_id: grantId }).findGrant(grantId).catch(throwUnavailable);
  if (!grant) throw invalid("grant_id: no such grant");
  if (grant.email.toLowerCase() !== address.toLowerCase()) {
    throw invalid("grant_id: this grant belongs to another email address");
  }
  if (!grant.valid) throw invalid("grant_id: this grant has expired; the mailbox's owner must sign in again");
  return grant;
}

/** Inserts the account, or reconnects it. @returns false when a concurrent request took the address or grant */
async function writeAccount(
  ctx: UserCtx,
  id: string,
  { grant, ...input }: Omit<AccountCreate, "grant_id"> & { grant: Grant | null },
): Promise<boolean> {
  const proven_at = grant && nowSeconds();
  const status = grant ? ("syncing" as const) : ("disconnected" as const);
  const connection: Changes<typeof accounts> = {
    grant_id: grant?.id ?? null,
    grant_provider: grant?.provider ?? null,
    status,
    status_reason: null,
    disconnected_by_user: false,
    grant_observed_at: 0,
  };
  const { company_id, email_address, provider } = input;
  const display_name = input.display_name ?? null;
  const row = { id, company_id, email_address, provider, display_name, status, created_at: nowSeconds() };
  const changes: Changes<typeof accounts> = {
    provider,
    ...connection,
    proven_at: sql`coalesce(proven_at, excluded.proven_at)`,
    ...(display_name === null ? {} : { display_name }),
  };
  const insert = sql`
    ${insertInto<typeof accounts>("ems_accounts", { ...row, ...connection, proven_at })}
    ON CONFLICT (id) DO UPDATE SET ${assign<typeof accounts>(changes)}
    WHERE status = 'disconnected' AND company_id = ${company_id} RETURNING id`;
  try {
    const [written] = await batch(ctx, [insert, accountUpdated(id)]);
    notifyHub(ctx, company_id);
    return written?.length === 1;
  } catch (error) {
    if (isUniqueViolation(error)) return false;
    throw error;
  }
}

/**
 * Starts the backfill. If that fails, disconnects the account, which would otherwise stay `syncing` forever.
 * @throws ServiceError unavailable
 */
async function beginSync(ctx: UserCtx, account: Pick<AccountRow, "id" | "company_id">): Promise<void> {
  try {
    await startBackfill(ctx, account);
  } catch (error) {
    await ctx.db.run(sql`UPDATE ems_accounts SET status = 'disconnected' WHERE id = ${account.id}`);
    throw new ServiceError("unavailable", "The mailbox's history could not be queued; connect it again", {
      cause: error,
    });
  }
}

async function findAccount(ctx: UserCtx, id: string): Promise<AccountRow> {
  const [account] = await ctx.db.all(accountsWhere(ctx, sql`a.id = ${id}`));
  if (!account) throw notFound("Email account");
  return account;
}

const accountsWhere = (ctx: UserCtx, condition: SQL): SQL<AccountRow> => sql`
    SELECT a.id, a.company_id, a.email_address, a.display_name, a.provider, a.status, a.last_sync_at, a.created_at,
      a.grant_id, c.name AS company_name
    FROM ems_accounts a LEFT JOIN companies c ON c.id = a.company_id
    WHERE a.company_id ${inCompanies(ctx)} AND ${condition}`;

const toResponse = ({ company_name, grant_id: _secret, ...row }: AccountRow): AccountResponse => ({
  ...row,
  last_sync_at: toIsoOrNull(row.last_sync_at),
  created_at: toIso(row.created_at),
  company: company_name === null ? null : { id: row.company_id, name: company_name },
});
