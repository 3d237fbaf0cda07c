import { type SQL, sql } from "drizzle-orm";
import { notFound } from "../../lib/errors.ts";
import { type Position, sliceOf } from "../../lib/pagination.ts";
import { inlineUrls } from "../attachments/inline.ts";
import { selectAttachments } from "../attachments/service.ts";
import { inCompanies, type UserCtx } from "../context.ts";
import { isOneStatement, type Listing, listPage } from "../lists.ts";
import { type BodyColumns, loadBody } from "./bodies.ts";
import { contentPolicy, textToMail, toDocument } from "./document.ts";
import { contentIdsIn, placeImages, sanitizeMail } from "./html.ts";
import { type MessageRow, messageColumns, messagesByIds, messagesOf, PORTION } from "./query.ts";
import type { MessageResponse, MessagesQuery } from "./schemas.ts";

const COLUMNS = sql`id, sent_at AS at`;

const LIST = {
  table: "ems_messages",
  at: "sent_at",
  columns: COLUMNS,
  counter: "message_count",
  hidden: "hidden_message_count",
} as const;

/** Two statements skip the rows before a page twice: beyond so many that costs more than a round trip. */
const SHALLOW = 100;

/**
 * A page of the caller's messages, newest first, and the position that it was read at. The items come while they
 * are read.
 */
export async function listMessages(
  ctx: UserCtx,
  query: MessagesQuery,
): Promise<Omit<Listing<Position>, "rows"> & { items: AsyncIterable<MessageResponse> }> {
  const isShallow = sliceOf(query).first <= SHALLOW;
  if (isShallow && query.size <= PORTION && isOneStatement(ctx, query)) {
    const whole = { ...LIST, columns: sql`${COLUMNS}, ${messageColumns(ctx, LIST.table)}` };
    const files = (ids: SQL) => selectAttachments(ctx, ids);
    const { rows, beside, ...listing } = await listPage<Position & MessageRow>(ctx, query, whole, files);
    return { ...listing, items: messagesOf(ctx, rows, beside) };
  }
  const { rows, ...listing } = await listPage<Position>(ctx, query, LIST);
  const ids = rows.map(({ id }) => id);
  return { ...listing, items: messagesByIds(ctx, ids) };
}

/** @throws ApiError 404 */
export async function getMessage(ctx: UserCtx, id: string): Promise<MessageResponse> {
  for await (const message of messagesByIds(ctx, [id])) return message;
  throw notFound("Message");
}

/** A message's body as a page. */
export interface HtmlDocument {
  html: string;
  headers: Record<string, string>;
}

/**
 * A message's body as a document that is safe to show, with the images that were sent along. They are signed URLs,
 * good for an hour.
 * @param remoteImages whether images of other hosts may be loaded
 * @throws ApiError 404
 */
export async function getMessageHtml(ctx: UserCtx, id: string, remoteImages: boolean): Promise<HtmlDocument> {
  const [columns] = await ctx.db.all<BodyColumns>(sql`
    SELECT body_html, body_text, body_key FROM ems_messages WHERE id = ${id} AND company_id ${inCompanies(ctx)}`);
  if (!columns) throw notFound("Message");
  const { body_html, body_text } = await loadBody(ctx, columns);
  const mail = body_html?.trim() ? sanitizeMail(body_html, remoteImages) : textToMail(body_text ?? "");
  const urls = await inlineUrls(ctx, id, contentIdsIn(mail.body));
  const origins = new Set(Array.from(urls.values(), (url) => new URL(url).origin));
  const policy = contentPolicy([...origins], remoteImages);
  return {
    html: toDocument({ ...mail, body: placeImages(mail.body, urls) }, policy),
    headers: {
      "cache-control": "private, no-store",
      "content-security-policy": `sandbox allow-popups allow-popups-to-escape-sandbox; ${policy}; ${framing(ctx)}`,
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
    },
  };
}

/** The frontends that CORS lets in may also frame a document. */
function framing({ config }: UserCtx): string {
  const anyLocal = ["localhost", "127.0.0.1"].flatMap((host) => [`http://${host}:*`, `https://${host}:*`]);
  const origins = config.CORS_ORIGINS.length ? config.CORS_ORIGINS : anyLocal;
  return `frame-ancestors 'self' ${origins.join(" ")}`;
}
