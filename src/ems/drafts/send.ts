import { sql } from "drizzle-orm";
import { ApiError, badRequest } from "../../lib/errors.ts";
import { log } from "../../lib/log.ts";
import { nowSeconds } from "../../lib/time.ts";
import { inCompanies, type UserCtx } from "../context.ts";
import { type Sent, sendMessage } from "../messages/send.ts";
import type { DraftRow } from "./content.ts";
import { changeDraft, type Draft, versionOf } from "./drafts.ts";
import type { DraftSend } from "./schemas.ts";
import { removeDraft, type Seen } from "./service.ts";

/**
 * Sends a draft. It is gone once the outbox has its mail, also when it is not known yet whether that was sent; when
 * it is known that nothing was, the draft is as it was. Of several who send it at the same time one does.
 * @returns what sending a message does
 * @throws ApiError 404; 409 with the present draft; 400 for one that is to nobody; and what sending a message throws
 */
export async function sendDraft(ctx: UserCtx, { id, seen, ...timing }: Seen & DraftSend): Promise<Sent> {
  const { draft, claim } = await changeDraft(ctx, id, seen, (found) => claimDraft(ctx, found));
  try {
    const sent = await deliver(ctx, draft, timing);
    await orLog(id, removeDraft(ctx, { id, version: claim }));
    return sent;
  } catch (error) {
    // After any other failure than a refusal nothing is known, and the claim ends by itself.
    if (error instanceof ApiError) {
      const isInOutbox = error.body.state === "unknown";
      await orLog(
        id,
        isInOutbox ? removeDraft(ctx, { id, version: claim }) : releaseDraft(ctx, draft.row, claim),
      );
    }
    throw error;
  }
}

/** One version of a draft is one mail: sent again after the Worker has died, it finds what became of it. */
const deliver = (ctx: UserCtx, { row, content }: Draft, timing: DraftSend): Promise<Sent> => {
  const { account_id: email_account_id, reply_to_message_id } = row;
  const request = { ...content, ...timing, email_account_id, reply_to_message_id };
  const idempotencyKey = `draft ${row.id} ${versionOf(row)}`; // no caller's key has a space
  return sendMessage(ctx, request, { replyTo: reply_to_message_id, idempotencyKey });
};

/** @returns the claim, which is the version that the row has from now on; null when another was faster */
async function claimDraft(ctx: UserCtx, draft: Draft): Promise<{ draft: Draft; claim: number } | null> {
  const { id, version } = draft.row;
  if (!draft.content.to.length) {
    const message = "at least one recipient";
    throw badRequest(`to: ${message}`, [{ path: "to", message }]);
  }
  // A claim that has run out is followed by another, so that whoever held it cannot take this one for theirs.
  const claim = version > 0 ? -version : version - 1;
  const claimed = await ctx.db.all(sql`
    UPDATE ems_drafts SET version = ${claim}, updated_at = ${nowSeconds()}
    WHERE id = ${id} AND company_id ${inCompanies(ctx)} AND version = ${version} RETURNING id`);
  return claimed.length ? { draft, claim } : null;
}

const releaseDraft = (ctx: UserCtx, { id, updated_at }: DraftRow, claim: number): Promise<unknown> =>
  ctx.db.run(sql`
    UPDATE ems_drafts SET version = ${versionOf({ version: claim })}, updated_at = ${updated_at}
    WHERE id = ${id} AND company_id ${inCompanies(ctx)} AND version = ${claim}`);

/** What fails here is made up for by the end of the claim. */
const orLog = (id: string, work: Promise<unknown>): Promise<unknown> =>
  work.catch((error) => log("error", "draft.claimed", { id, error }));
