import { sql } from "drizzle-orm";
import { toIso } from "../../lib/time.ts";
import type { AttachmentResponse } from "../attachments/schemas.ts";
import { groupByMessage, selectAttachments } from "../attachments/service.ts";
import { batch, inCompanies, type UserCtx } from "../context.ts";
import type { messages } from "../schema/mail.ts";
import { loadBody } from "./bodies.ts";
import type { MessageResponse } from "./schemas.ts";

export type MessageRow = Omit<typeof messages.$inferSelect, "has_attachments"> & { has_attachments: number };

/** D1 holds a whole answer in memory: bodies come in portions of this many messages. */
export const PORTION = 25;

/** Those of the messages that are the caller's, in the order of the ids, with attachments and whole bodies. */
export async function* messagesByIds(ctx: UserCtx, ids: string[]): AsyncGenerator<MessageResponse> {
  for (let start = 0; start < ids.length; start += PORTION) {
    const portion = ids.slice(start, start + PORTION);
    const wanted = sql`SELECT value AS id FROM json_each(${JSON.stringify(portion)})`;
    const [rows, files] = await batch(ctx, [
      sql`
        SELECT m.* FROM (${wanted}) page CROSS JOIN ems_messages m ON m.id = page.id
        WHERE +m.company_id ${inCompanies(ctx)}`,
      selectAttachments(ctx, wanted),
    ]);
    const found = new Map((rows as MessageRow[]).map((row) => [row.id, row]));
    yield* messagesOf(
      ctx,
      portion.flatMap((id) => found.get(id) ?? []),
      files,
    );
  }
}

/**
 * Messages as they are answered, in the order of the rows.
 * @param files rows of `selectAttachments`
 */
export async function* messagesOf(
  ctx: UserCtx,
  rows: MessageRow[],
  files: unknown[] | undefined,
): AsyncGenerator<MessageResponse> {
  const attachments = groupByMessage(files);
  for (const row of rows) yield await toResponse(ctx, row, attachments.get(row.id) ?? []);
}

async function toResponse(
  ctx: UserCtx,
  row: MessageRow,
  attachments: AttachmentResponse[],
): Promise<MessageResponse> {
  const { body_html, body_text } = await loadBody(ctx, row);
  return {
    id: row.id,
    thread_id: row.thread_id,
    email_account_id: row.account_id,
    internet_message_id: row.internet_message_id ?? "",
    from_address: row.from_address,
    from_name: row.from_name,
    to_addresses: JSON.parse(row.to_addresses),
    cc_addresses: addressesOrNull(row.cc_addresses),
    bcc_addresses: addressesOrNull(row.bcc_addresses),
    subject: row.subject,
    body_html,
    body_text,
    snippet: row.snippet,
    direction: row.direction,
    folder: row.folder,
    has_attachments: row.has_attachments === 1,
    sent_at: toIso(row.sent_at),
    created_at: toIso(row.created_at),
    attachments,
    threaded_by: row.threaded_by,
    delivery: deliveryOf(row),
  };
}

function deliveryOf(row: MessageRow): MessageResponse["delivery"] {
  const { delivery_state: state, delivery_detail: detail, opened_count, clicked_count } = row;
  return state || opened_count || clicked_count ? { state, detail, opened_count, clicked_count } : null;
}

/** The contract shows none as null. Stored, null means that the provider has not told. */
function addressesOrNull(json: string | null): MessageResponse["cc_addresses"] {
  const addresses = json ? JSON.parse(json) : [];
  return addresses.length ? addresses : null;
}
