import { entryIdOf } from "../../lib/ids.ts";
import { toIso, toIsoOrNull } from "../../lib/time.ts";
import type { RowOf } from "../../platform/d1/rows.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import type { AttachmentResponse } from "../attachments/responses.ts";
import { type AttachmentRow, groupByMessage, selectAttachments } from "../attachments/service.ts";
import { batch, inCompanies, type UserCtx } from "../context.ts";
import { type Body, loadBodies } from "../ingest/bodies.ts";
import type { messages } from "../schema/mail.ts";
import type { MessageResponse } from "./responses.ts";

/** The columns that an answer is made of: two thirds of them, since each value of each row costs time. */
const COLUMNS = [
  ...["id", "account_id", "thread_id", "internet_message_id", "message_id_written"],
  ...["from_address", "from_name", "to_addresses", "cc_addresses", "bcc_addresses", "reply_to_addresses"],
  ...["subject", "snippet", "direction", "folder", "has_attachments", "threaded_by", "sent_at", "created_at"],
  ...["sent_by", "delivery_state", "delivery_detail", "opened_count", "clicked_count"],
  ...["body_key", "body_text", "body_html"],
] as const;

export interface MessageRow extends Pick<RowOf<typeof messages>, (typeof COLUMNS)[number]> {
  /** JSON of the caller's `[is_read, is_starred, is_archived, read_at]`, null where they have no entry row. */
  entry: string | null;
}

/** The columns of a MessageRow. @param messages the table or its alias */
export const messageColumns = (
  { user }: UserCtx,
  messages: string,
): SQL<MessageRow> => sql`${sql.raw(COLUMNS.map((name) => `${messages}.${name}`).join(", "))}, (
  SELECT json_array(e.is_read, e.is_starred, e.is_archived, e.read_at) FROM ems_inbox_entries e
  WHERE e.message_id = ${sql.raw(messages)}.id AND e.user_id = ${user.user_id}) AS entry`;

/** Messages per statement: D1 holds a whole result in memory, bodies included. */
export const PORTION = 25;

interface Parts {
  /** If false, bodies over 64 KB are null. */
  largeBodies: boolean;
}

/** Reads messages with bodies and attachments, in the order of the ids. Those of other companies are left out. */
export async function* messagesByIds(
  ctx: UserCtx,
  ids: string[],
  parts: Parts = { largeBodies: true },
): AsyncGenerator<MessageResponse> {
  for (let start = 0; start < ids.length; start += PORTION) {
    const portion = ids.slice(start, start + PORTION);
    const wanted = sql`SELECT value AS id FROM json_each(${JSON.stringify(portion)})`;
    const [rows, files] = await batch(ctx, [
      sql<MessageRow>`
        SELECT ${messageColumns(ctx, "m")} FROM (${wanted}) page CROSS JOIN ems_messages m ON m.id = page.id
        WHERE +m.company_id ${inCompanies(ctx)}`,
      selectAttachments(ctx, wanted),
    ]);
    const found = new Map(rows.map((row) => [row.id, row]));
    yield* messagesOf(
      ctx,
      portion.flatMap((id) => found.get(id) ?? []),
      files,
      parts,
    );
  }
}

/**
 * Turns rows into messages of the API, in order. Bodies are loaded ahead, except large ones.
 * @param files rows of `selectAttachments`
 */
export async function* messagesOf(
  ctx: UserCtx,
  rows: MessageRow[],
  files: AttachmentRow[],
  { largeBodies }: Parts = { largeBodies: true },
): AsyncGenerator<MessageResponse> {
  const attachments = groupByMessage(files);
  for (const { row, load } of loadBodies(ctx, rows, largeBodies)) {
    yield toResponse(ctx.user.user_id, row, await load(), attachments.get(row.id) ?? []);
  }
}

function toResponse(
  userId: number,
  row: MessageRow,
  { body_html, body_text }: Body,
  attachments: AttachmentResponse[],
): MessageResponse {
  return {
    id: row.id,
    thread_id: row.thread_id,
    email_account_id: row.account_id,
    internet_message_id: row.message_id_written ?? row.internet_message_id ?? "",
    from_address: row.from_address,
    from_name: row.from_name,
    to_addresses: JSON.parse(row.to_addresses),
    cc_addresses: addressesOrNull(row.cc_addresses),
    bcc_addresses: addressesOrNull(row.bcc_addresses),
    reply_to: addressesOrNull(row.reply_to_addresses),
    subject: row.subject,
    body_html,
    body_text,
    snippet: row.snippet,
    direction: row.direction,
    folder: row.folder,
    has_attachments: row.has_attachments === 1,
    sent_at: toIso(row.sent_at),
    sent_by: row.sent_by,
    created_at: toIso(row.created_at),
    attachments,
    inbox: entryOf(userId, row),
    threaded_by: row.threaded_by,
    delivery: deliveryOf(row),
  };
}

function entryOf(userId: number, { id, entry }: MessageRow): MessageResponse["inbox"] {
  const [read, starred, archived, readAt]: (number | null)[] = JSON.parse(entry ?? "[]");
  return {
    id: entryIdOf(userId, id),
    is_read: read === 1,
    is_starred: starred === 1,
    is_archived: archived === 1,
    read_at: toIsoOrNull(readAt ?? null),
  };
}

function deliveryOf(row: MessageRow): MessageResponse["delivery"] {
  const { delivery_state: state, delivery_detail: detail, opened_count, clicked_count } = row;
  return state || opened_count || clicked_count ? { state, detail, opened_count, clicked_count } : null;
}

/** The contract shows an empty list as null. In the database, null means that the provider has not sent the field. */
function addressesOrNull(json: string | null): MessageResponse["cc_addresses"] {
  const addresses = json ? JSON.parse(json) : [];
  return addresses.length ? addresses : null;
}
