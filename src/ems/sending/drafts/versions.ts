import { notFound, ServiceError } from "../../../lib/errors.ts";
import { nowSeconds, toIso } from "../../../lib/time.ts";
import { type SQL, sql } from "../../../platform/d1/sql.ts";
import { log } from "../../../platform/log.ts";
import { inCompanies, type UserCtx } from "../../context.ts";
import { type DraftRow, EMPTY, loadContent } from "./content.ts";
import type { DraftContent, DraftResponse } from "./responses.ts";

/** Retries of a change that lost to a concurrent one. Each retry means another change succeeded. */
const ATTEMPTS = 30;

/** A draft's row with its content. */
export interface Draft {
  row: DraftRow;
  content: DraftContent;
}

/**
 * Whether a sender holds the draft. Sending claims it, which blocks changes and other senders. The claim is
 * released when nothing was sent. After a crash or an unknown outcome it expires, once no provider call can still
 * be running.
 */
const isClaimed = ({ claimed_until }: DraftRow): boolean =>
  claimed_until !== null && claimed_until > nowSeconds();

/**
 * The SQL condition that a draft of the caller's companies is unchanged since it was read: same version, same
 * claim.
 */
export const isUnchanged = (ctx: UserCtx, { id, version, claim }: DraftRow): SQL => sql`
  id = ${id} AND company_id ${inCompanies(ctx)} AND version = ${version} AND claim IS ${claim}`;

/** Reads a draft of the caller's companies with its content; null when there is none. */
export async function findDraft(ctx: UserCtx, id: string): Promise<Draft | null> {
  let missing: string | null = null;
  for (;;) {
    const [row] = await ctx.db.all(sql<DraftRow>`
      SELECT * FROM ems_drafts WHERE id = ${id} AND company_id ${inCompanies(ctx)}`);
    if (!row) return null;
    const content = await loadContent(ctx, row);
    if (content) return { row, content };
    // A concurrent change stores the content under a new key, so read again. The same key twice means a lost
    // object.
    if (row.content_key === missing) {
      log("error", "draft.missing", { key: missing });
      return { row, content: EMPTY };
    }
    missing = row.content_key;
  }
}

/** @throws ServiceError not_found */
export async function requireDraft(ctx: UserCtx, id: string): Promise<Draft> {
  const draft = await findDraft(ctx, id);
  if (!draft) throw notFound("Draft");
  return draft;
}

/**
 * Changes a draft by compare and set. After losing to a concurrent change it starts over from the new version.
 * @param seen the version the caller has seen; null to skip that check
 * @param change writes under `isUnchanged`; returns null when that condition failed
 * @throws ServiceError not_found; conflict with the current draft when it has another version or is being sent
 */
export async function changeDraft<T>(
  ctx: UserCtx,
  id: string,
  seen: number | null,
  change: (draft: Draft) => Promise<T | null>,
): Promise<T> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const draft = await requireDraft(ctx, id);
    if (isClaimed(draft.row)) {
      throw conflict(draft, "This draft is being sent, or its outcome is not known yet");
    }
    if (seen !== null && seen !== draft.row.version) {
      throw conflict(draft, "This draft has changed since you read it");
    }
    const done = await change(draft);
    if (done !== null) return done;
  }
  throw conflict(await requireDraft(ctx, id), "Too many concurrent changes to this draft");
}

const conflict = (draft: Draft, detail: string): ServiceError =>
  new ServiceError("conflict", detail, { details: { version: draft.row.version, draft: toResponse(draft) } });

/** The API's form of a draft. */
export const toResponse = ({ row, content }: Draft): DraftResponse => ({
  id: row.id,
  email_account_id: row.account_id,
  company_id: row.company_id,
  ...content,
  reply_to_message_id: row.reply_to_message_id,
  version: row.version,
  created_by: row.created_by,
  updated_by: row.updated_by,
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
});
