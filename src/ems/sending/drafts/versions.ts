import { type SQL, sql } from "drizzle-orm/sql";
import { notFound, ServiceError } from "../../../lib/errors.ts";
import { nowSeconds, toIso } from "../../../lib/time.ts";
import { log } from "../../../platform/log.ts";
import { inCompanies, type UserCtx } from "../../context.ts";
import { type DraftRow, EMPTY, loadContent } from "./content.ts";
import type { DraftContent, DraftResponse } from "./schemas.ts";

/** How often a change is tried anew because somebody else was faster: each time, somebody's change was made. */
const ATTEMPTS = 30;

export interface Draft {
  row: DraftRow;
  content: DraftContent;
}

/**
 * Who sends a draft claims it, so that nobody else changes or sends it. A claim is given back when nothing was sent.
 * One that is not (the Worker died, or it is not known what the provider did) ends by itself, when no call to the
 * provider can still be under way.
 */
const isClaimed = ({ claimed_until }: DraftRow): boolean =>
  claimed_until !== null && claimed_until > nowSeconds();

/** The condition that a draft of the caller's is as it was read: of that version, and claimed by nobody since. */
export const isUnchanged = (ctx: UserCtx, { id, version, claim }: DraftRow): SQL => sql`
  id = ${id} AND company_id ${inCompanies(ctx)} AND version = ${version} AND claim IS ${claim}`;

/** A draft of the caller's companies with all that has been written, null when there is none. */
export async function findDraft(ctx: UserCtx, id: string): Promise<Draft | null> {
  let missing: string | null = null;
  for (;;) {
    const [row] = await ctx.db.all(sql<DraftRow>`
      SELECT * FROM ems_drafts WHERE id = ${id} AND company_id ${inCompanies(ctx)}`);
    if (!row) return null;
    const content = await loadContent(ctx, row);
    if (content) return { row, content };
    // A change in between leaves another key, which is worth another look; the same key twice is a loss.
    if (row.content_key === missing) {
      log("error", "draft.missing", { key: missing });
      return { row, content: EMPTY };
    }
    missing = row.content_key;
  }
}

/** @throws ServiceError `not_found` */
export async function requireDraft(ctx: UserCtx, id: string): Promise<Draft> {
  const draft = await findDraft(ctx, id);
  if (!draft) throw notFound("Draft");
  return draft;
}

/**
 * Changes a draft by compare and set: what is written rests on the version that was read, or is not written.
 * Who has lost to another begins again, from what that one has left.
 * @param seen the version that the caller has seen; null to change whatever is there
 * @param change does it under `isUnchanged`, and gives null when that did not hold any more
 * @throws ServiceError `not_found`; `conflict` with the present draft when it is another version than was seen, or is being sent
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
      throw conflict(draft, "This draft is being sent, or it is not known yet whether it was");
    }
    if (seen !== null && seen !== draft.row.version) {
      throw conflict(draft, "This draft has been changed since you have read it");
    }
    const done = await change(draft);
    if (done !== null) return done;
  }
  throw conflict(await requireDraft(ctx, id), "Too many are changing this draft at the same time");
}

const conflict = (draft: Draft, detail: string): ServiceError =>
  new ServiceError("conflict", detail, { details: { version: draft.row.version, draft: toResponse(draft) } });

/** A draft as the API shows it. */
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
