import { sql } from "drizzle-orm/sql";
import { invalid, ServiceError } from "../../../lib/errors.ts";
import { nowSeconds } from "../../../lib/time.ts";
import { log } from "../../../platform/log.ts";
import { inCompanies, type UserCtx } from "../../context.ts";
import { type Sent, sendMessage } from "../send.ts";
import { discardContent } from "./content.ts";
import type { DraftSend } from "./schemas.ts";
import { removeDraft, type Seen } from "./service.ts";
import { changeDraft, type Draft, isUnchanged } from "./versions.ts";

/** Longer than any call to the provider can be under way. */
const CLAIM_SECONDS = 600;

/**
 * Sends a draft. It is gone once the outbox has its mail, also when it is not known yet whether that was sent; when
 * it is known that nothing was, the draft is as it was. Of several who send it at the same time one does; who sends
 * it after a Worker has died learns what has become of that one's mail (see `submit`).
 * @returns what sending a message does
 * @throws ServiceError `not_found`; `conflict` with the present draft; `invalid` for one that is to nobody; and what sending a message throws
 */
export async function sendDraft(ctx: UserCtx, { id, seen, ...options }: Seen & DraftSend): Promise<Sent> {
  const draft = await changeDraft(ctx, id, seen, (found) => claimDraft(ctx, found));
  try {
    const sent = await deliver(ctx, draft, options);
    discardContent(ctx, draft.row.content_key);
    return sent;
  } catch (error) {
    // After any other failure than a refusal nothing is known, and the claim ends by itself.
    if (error instanceof ServiceError) {
      const isInOutbox = error.code === "provider_failed" && error.details.state === "unknown";
      await logFailure(id, isInOutbox ? removeDraft(ctx, draft.row) : releaseDraft(ctx, draft));
    }
    throw error;
  }
}

/** One version of a draft is one mail, whoever sends it: sent again, it finds what became of it. */
const deliver = (ctx: UserCtx, { row, content }: Draft, options: DraftSend): Promise<Sent> => {
  const { again = false, ...timing } = options;
  const { id, version, account_id: email_account_id, reply_to_message_id } = row;
  const request = { ...content, ...timing, email_account_id, reply_to_message_id };
  return sendMessage(ctx, request, { replyTo: reply_to_message_id, draft: { id, version, again } });
};

/** @returns the draft as it is claimed; null when another was faster */
async function claimDraft(ctx: UserCtx, { row, content }: Draft): Promise<Draft | null> {
  if (!content.to.length) {
    const message = "at least one recipient";
    throw invalid(`to: ${message}`, [{ path: "to", message }]);
  }
  // A claim that has run out is followed by another, so that whoever held it cannot take this one for theirs.
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

/** What fails here is made up for by the end of the claim. */
const logFailure = (id: string, work: Promise<unknown>): Promise<unknown> =>
  work.catch((error) => log("error", "draft.claimed", { id, error }));
