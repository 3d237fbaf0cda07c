import { forbidden, notFound } from "../../../lib/errors.ts";
import { uuidv7 } from "../../../lib/ids.ts";
import { nowSeconds } from "../../../lib/time.ts";
import { sql } from "../../../platform/d1/sql.ts";
import { inCompanies, ofCompany, type UserCtx } from "../../context.ts";
import { type DraftRow, discardContent, EMPTY, mergeContent, storeContent } from "./content.ts";
import type { DraftResponse } from "./responses.ts";
import type { DraftCreate, DraftUpdate } from "./schemas.ts";
import { changeDraft, type Draft, isUnchanged, requireDraft, toResponse } from "./versions.ts";

/** A draft, and the version the caller has seen; null to skip that check. */
export interface Seen {
  id: string;
  seen: number | null;
}

/**
 * Creates a draft in the company of its account.
 * @throws ServiceError forbidden for an account outside the caller's companies; not_found for an original outside
 *   the account's company
 */
export async function createDraft(ctx: UserCtx, input: DraftCreate): Promise<DraftResponse> {
  const account_id = input.email_account_id;
  const company_id = await companyOfAccount(ctx, account_id);
  const reply_to_message_id = input.reply_to_message_id ?? null;
  await checkOriginal(ctx, company_id, reply_to_message_id);
  const id = uuidv7();
  const content = mergeContent(EMPTY, input);
  const stored = await storeContent(ctx, { company_id, id }, content);
  const { user_id } = ctx.user;
  const now = nowSeconds();
  const [row] = await ofCompany(ctx, company_id).db.all(sql<DraftRow>`
    INSERT INTO ems_drafts (id, company_id, account_id, created_by, updated_by, version, content, content_key,
      reply_to_message_id, created_at, updated_at)
    VALUES (${id}, ${company_id}, ${account_id}, ${user_id}, ${user_id}, 1, ${stored.content},
      ${stored.content_key}, ${reply_to_message_id}, ${now}, ${now})
    RETURNING *`);
  if (!row) throw new Error("D1 has inserted no draft");
  return toResponse({ row, content });
}

/** @throws ServiceError not_found */
export const getDraft = async (ctx: UserCtx, id: string): Promise<DraftResponse> =>
  toResponse(await requireDraft(ctx, id));

/**
 * Changes the given fields of a draft. A change without effect keeps the version.
 * @throws ServiceError not_found for the draft, or an original outside its company; forbidden for an account
 *   outside its company; conflict with the current draft
 */
export async function updateDraft(ctx: UserCtx, input: Seen & { changes: DraftUpdate }) {
  const change = (draft: Draft) => writeChanges(ctx, draft, input.changes);
  return toResponse(await changeDraft(ctx, input.id, input.seen, change));
}

async function writeChanges(ctx: UserCtx, before: Draft, changes: DraftUpdate): Promise<Draft | null> {
  const { company_id, content_key } = before.row;
  const accountId = changes.email_account_id ?? before.row.account_id;
  const original =
    changes.reply_to_message_id === undefined ? before.row.reply_to_message_id : changes.reply_to_message_id;
  if (accountId !== before.row.account_id && (await companyOfAccount(ctx, accountId)) !== company_id)
    throw noAccess();
  if (original !== before.row.reply_to_message_id) await checkOriginal(ctx, company_id, original);
  const content = mergeContent(before.content, changes);
  const isSame = accountId === before.row.account_id && original === before.row.reply_to_message_id;
  if (isSame && JSON.stringify(content) === JSON.stringify(before.content)) return before;
  const stored = await storeContent(ctx, before.row, content);
  const [row] = await ctx.db.all(sql<DraftRow>`
    UPDATE ems_drafts SET account_id = ${accountId}, reply_to_message_id = ${original}, content = ${stored.content},
      content_key = ${stored.content_key}, version = version + 1, claim = NULL, claimed_until = NULL,
      updated_by = ${ctx.user.user_id}, updated_at = ${nowSeconds()}
    WHERE ${isUnchanged(ctx, before.row)} RETURNING *`);
  discardContent(ctx, row ? content_key : stored.content_key);
  return row ? { row, content } : null;
}

/** Deletes a draft. @throws ServiceError not_found; conflict with the current draft */
export const deleteDraft = (ctx: UserCtx, { id, seen }: Seen): Promise<true> =>
  changeDraft(ctx, id, seen, async ({ row }) => ((await removeDraft(ctx, row)) ? true : null));

/** Deletes a draft and its content unless it has changed since it was read. @returns whether it was deleted */
export async function removeDraft(ctx: UserCtx, draft: DraftRow): Promise<boolean> {
  const [row] = await ctx.db.all(sql<DraftRow>`
    DELETE FROM ems_drafts WHERE ${isUnchanged(ctx, draft)} RETURNING content_key`);
  if (row) discardContent(ctx, row.content_key);
  return row !== undefined;
}

const noAccess = () => forbidden("No access to this email account");

async function companyOfAccount(ctx: UserCtx, accountId: string): Promise<number> {
  const [account] = await ctx.db.all(sql<{ company_id: number }>`
    SELECT company_id FROM ems_accounts WHERE id = ${accountId} AND company_id ${inCompanies(ctx)}`);
  if (!account) throw noAccess();
  return account.company_id;
}

async function checkOriginal(ctx: UserCtx, companyId: number, messageId: string | null): Promise<void> {
  if (messageId === null) return;
  const found = await ctx.db.all(sql`
    SELECT id FROM ems_messages WHERE id = ${messageId} AND company_id = ${companyId}`);
  if (!found.length) throw notFound("Message");
}
