import { notFound, ServiceError } from "../../lib/errors.ts";
import { sql } from "../../platform/d1/sql.ts";
import { batch, inCompanies, type UserCtx } from "../context.ts";
import { olderThan } from "../lists/page.ts";
import { cutPage, type RowKey, rowsFor } from "../lists/pagination.ts";
import { closeEntry } from "./attempt.ts";
import { loadMail, type OutboxRow, toResponse } from "./entry.ts";
import type { OutboxDetailResponse, OutboxListResponse, OutboxResponse } from "./responses.ts";
import type { OutboxQuery } from "./schemas.ts";

/** Lists the outbox entries of the caller's companies, newest first. */
export async function listOutbox(ctx: UserCtx, { size, cursor }: OutboxQuery): Promise<OutboxListResponse> {
  const slice = { first: 0, size };
  const lists = await batch(
    ctx,
    ctx.user.companies.map(
      (id) => sql<OutboxRow & RowKey>`
        SELECT *, created_at AS at FROM ems_outbox WHERE company_id = ${id} ${olderThan("created_at", "id", cursor)}
        ORDER BY created_at DESC, id DESC LIMIT ${rowsFor(slice)}`,
    ),
  );
  const { rows, next_cursor } = cutPage(lists, slice);
  return { items: rows.map(toResponse), next_cursor };
}

/**
 * Returns an entry, with the mail's content until it is sent, so that a cancelled mail can be edited again.
 * @throws ServiceError not_found
 */
export async function getOutboxEntry(ctx: UserCtx, id: string): Promise<OutboxDetailResponse> {
  const row = await findOwn(ctx, id);
  if (row.mail === null && row.mail_key === null) return { ...toResponse(row), mail: null };
  const { to, cc, bcc, subject, html: body_html, text: body_text, files } = await loadMail(ctx, row);
  const named = files.map(({ filename, content_type, size_bytes }) => ({
    filename,
    content_type,
    size_bytes,
  }));
  return { ...toResponse(row), mail: { to, cc, bcc, subject, body_html, body_text, files: named } };
}

/**
 * Cancels a mail that is still queued.
 * @throws ServiceError not_found; conflict when it was or may have been sent
 */
export async function cancelOutboxEntry(ctx: UserCtx, id: string): Promise<OutboxResponse> {
  const row = await findOwn(ctx, id);
  const cancelled = row.state === "queued" ? await closeEntry(ctx, row, "cancelled", null) : row;
  if (cancelled.state !== "cancelled") {
    throw new ServiceError("conflict", `It is too late to cancel this mail: it is ${cancelled.state}`);
  }
  return toResponse(cancelled);
}

async function findOwn(ctx: UserCtx, id: string): Promise<OutboxRow> {
  const [row] = await ctx.db.all(sql<OutboxRow>`
    SELECT * FROM ems_outbox WHERE id = ${id} AND company_id ${inCompanies(ctx)}`);
  if (!row) throw notFound("Outbox entry");
  return row;
}
