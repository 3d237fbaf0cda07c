import { invalid, ServiceError } from "../../../lib/errors.ts";
import { nowSeconds } from "../../../lib/time.ts";
import { sql } from "../../../platform/d1/sql.ts";
import { log } from "../../../platform/log.ts";
import { inCompanies, type UserCtx } from "../../context.ts";
import { type Sent, sendMessage } from "../send.ts";
import { discardContent } from "./content.ts";
import type { DraftSend } from "./schemas.ts";
import { removeDraft, type Seen } from "./service.ts";
import { changeDraft, type Draft, isUnchanged } from "./versions.ts";

/** Longer than any call to the provider can take. */
const CLAIM_SECONDS = 600;

/**
 * Sends a draft. The draft is deleted once the outbox has its mail, even if the outcome is unknown; if nothing was
 * sent, it stays. Of concurrent senders one succeeds. After a crash, the next sender gets the outcome of the first
 * mail (see `submit`).
 * @returns as `sendMessage`
 * @throws ServiceError not_found; conflict with the current draft; invalid for a draft without recipients; and as
 *   `sendMessage`
 */
export async function sendDraft(ctx: UserCtx, { id, seen, ...options }: Seen & DraftSend): Promise<Sent> {
  const draft = await changeDraft(ctx, id, seen, (found) => claimDraft(ctx, found));
  try {
    const sent = await deliver(ctx, draft, options);
    discardContent(ctx, draft.row.content_key);
    return sent;
  } catch (error) {
    // Any other error leaves the outcome unknown. Then the claim expires by itself.
    if (error instanceof ServiceError) {
      const isInOutbox = error.code === "provider_failed" && error.details.state === "unknown";
      await logFailure(id, isInOutbox ? removeDraft(ctx, draft.row) : releaseDraft(ctx, draft));
    }
    throw error;
  }
}

/** One draft version is one mail for all senders. Sending it again returns the first outcome. */
const deliver = (ctx: UserCtx, { row, content }: Draft, options: DraftSend): Promise<Sent> => {
  const { again = false, thread_version: seen = null, ...timing } = options;
  const { id, version, account_id: email_account_id, reply_to_message_id } = row;
  const request = { ...content, ...timing, email_account_id, reply_to_message_id };
  return sendMessage(ctx, request, { replyTo: reply_to_message_id, seen, draft: { id, version, again } });
};

/**
 * Claims a draft for sending.
 * @returns the claimed draft; null when it was changed since it was read
 * @throws ServiceError invalid for a draft without recipients
 */
async function claimDraft(ctx: UserCtx, { row, content }: Draft): Promise<Draft | null> {
  if (!content.to.length) {
    const message = "at least one recipient";
    throw invalid(`to: ${message}`, [{ path: "to", message }]);
  }
  // Each claim has a new id, so the holder of an expired claim cannot release this one.
  const claim = crypto.randomUUID();
  const claimed = await ctx.db.all(sql`
    UPDATE ems_drafts SET claim = ${claim}, claimed_until = ${nowSeconds() + CLAIM_SECONDS}
    WHERE ${isUnchanged(ctx, row)} RETURNING id`);
  return claimed.length ? { row: { ...row, claim }, content } : null;
}

const releaseDraft = (ctx: UserCtx, { row: { id, claim } }: Draft): Promise<unknown> =>
  ctx.db.run(sql`
    UPDATE ems_drafts SET claim = NULL, claimed_until = NULL
    WHERE id = ${id} AND company_id ${inCompanies(ctx)} AND claim = ${claim}`);

/** Logs a failure. The claim then expires by itself. */
const logFailure = (id: string, work: Promise<unknown>): Promise<unknown> =>
  work.catch((error) => log("error", "draft.claimed", { draft: id, error }));
