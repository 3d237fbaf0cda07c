import { notFound } from "../../lib/errors.ts";
import { contentPolicy, textToMail, toDocument } from "../../lib/html/document.ts";
import { contentIdsIn, placeImages, sanitizeMail } from "../../lib/html/sanitize.ts";
import { sql } from "../../platform/d1/sql.ts";
import { inlineUrls } from "../attachments/inline.ts";
import { inCompanies, type UserCtx } from "../context.ts";
import { type BodyColumns, loadBody } from "../ingest/bodies.ts";

/** A message's body as an HTML document. */
export interface HtmlDocument {
  html: string;
  /** The Content-Security-Policy for the document: what it may load. */
  policy: string;
}

/**
 * Makes a safe HTML document of a message's body. Inline images become signed URLs, valid for an hour.
 * @param remoteImages whether the document may load images from other hosts
 * @throws ServiceError not_found
 */
export async function getMessageHtml(ctx: UserCtx, id: string, remoteImages: boolean): Promise<HtmlDocument> {
  const [columns] = await ctx.db.all(sql<BodyColumns>`
    SELECT body_html, body_text, body_key FROM ems_messages WHERE id = ${id} AND company_id ${inCompanies(ctx)}`);
  if (!columns) throw notFound("Message");
  const { body_html, body_text } = await loadBody(ctx, columns);
  const mail = body_html?.trim() ? sanitizeMail(body_html, remoteImages) : textToMail(body_text ?? "");
  const urls = await inlineUrls(ctx, id, contentIdsIn(mail.body));
  const origins = new Set(Array.from(urls.values(), (url) => new URL(url).origin));
  const policy = contentPolicy([...origins], remoteImages);
  return { html: toDocument({ ...mail, body: placeImages(mail.body, urls) }, policy), policy };
}
