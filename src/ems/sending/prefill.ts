import { textToMail } from "../../lib/html/document.ts";
import { exposeContentIds, sanitizeMail } from "../../lib/html/sanitize.ts";
import { sql } from "../../platform/d1/sql.ts";
import { listAttachments } from "../attachments/service.ts";
import { inCompanies, type UserCtx } from "../context.ts";
import { type BodyColumns, loadBody } from "../ingest/bodies.ts";
import type { Address } from "../provider/port.ts";
import { findOriginal, type Original } from "./compose.ts";
import { markupToText, type QuotedBody, quoteInForward, quoteInReply } from "./quote.ts";
import { addressesOf, replyAllRecipients, replyRecipients, withPrefix } from "./recipients.ts";
import type { ComposeResponse } from "./responses.ts";
import type { ComposeQuery } from "./schemas.ts";

/**
 * Prefills a reply or forward: account, recipients, subject, quoted original and, for a forward, its attachments.
 * The client puts the user's text before the quote.
 * @throws ServiceError not_found
 */
export async function prefill(
  ctx: UserCtx,
  id: string,
  { as, images }: ComposeQuery,
): Promise<ComposeResponse> {
  const original = await findOriginal(ctx, id);
  const isForward = as === "forward";
  const body = await loadQuotedBody(ctx, original, { remoteImages: images === "1", keepsImages: isForward });
  const quote = (isForward ? quoteInForward : quoteInReply)({ ...addressesOf(original), ...original }, body);
  return {
    email_account_id: original.account_id,
    reply_to_message_id: isForward ? null : original.id,
    ...recipientsOf(original, as),
    subject: withPrefix(isForward ? "Fwd:" : "Re:", original.subject),
    quoted_html: quote.html,
    quoted_text: quote.text,
    attachments: isForward ? await listAttachments(ctx, id) : [],
  };
}

function recipientsOf(original: Original, as: ComposeQuery["as"]): { to: Address[]; cc: Address[] } {
  if (as === "forward") return { to: [], cc: [] };
  return as === "reply"
    ? { to: replyRecipients(original), cc: [] }
    : replyAllRecipients(original, [original.email_address]);
}

/**
 * Loads the original's body for quoting.
 * @param keepsImages whether its inline images are attached to the new mail, so that their `cid:` links keep working
 */
async function loadQuotedBody(
  ctx: UserCtx,
  { id }: Original,
  { remoteImages, keepsImages }: { remoteImages: boolean; keepsImages: boolean },
): Promise<QuotedBody> {
  const [columns] = await ctx.db.all(sql<BodyColumns>`
    SELECT body_html, body_text, body_key FROM ems_messages WHERE id = ${id} AND company_id ${inCompanies(ctx)}`);
  const { body_html, body_text } = columns
    ? await loadBody(ctx, columns)
    : { body_html: null, body_text: null };
  const mail = body_html?.trim() ? sanitizeMail(body_html, remoteImages) : textToMail(body_text ?? "");
  // The style sheet applies to the whole new mail. Only a forward, which is the original's content, keeps it.
  const sheet = keepsImages && mail.sheet ? `<style>${mail.sheet}</style>` : "";
  return {
    html: sheet + exposeContentIds(mail.body, keepsImages),
    text: body_text ?? markupToText(mail.body),
  };
}
