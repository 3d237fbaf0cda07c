import { notFound } from "../../../lib/errors.ts";
import { sql } from "../../../platform/d1/sql.ts";
import type { UserCtx } from "../../context.ts";
import { findList } from "../../find-list.ts";
import { enqueueSoon } from "../../jobs.ts";
import type { Found, Page } from "../../lists.ts";
import { dropFiles } from "../../media/rows.ts";
import { type Attachment, FILE_COLUMNS, type FileRow, toOwn } from "./attachments.ts";

/** Lists the caller's files, the newest first. */
export async function listFiles(ctx: UserCtx, page: Page): Promise<Found<Attachment>> {
  const { items, total } = await findList(ctx, page, {
    columns: sql<FileRow>`${FILE_COLUMNS}`,
    from: sql`FROM hub_chat_files f WHERE f.owner_id = ${ctx.user.id}`,
    order: sql`f.id DESC`,
  });
  return { items: await Promise.all(items.map((row) => toOwn(ctx, row))), total };
}

/** Deletes a file of the caller, also out of the messages that have it. @throws ServiceError not_found */
export async function deleteFile(ctx: UserCtx, id: number): Promise<void> {
  const own = sql`id = ${id} AND owner_id = ${ctx.user.id}`;
  const [, removed] = await ctx.db.batch([
    dropFiles(sql`(SELECT file FROM hub_chat_files WHERE ${own})`),
    sql`DELETE FROM hub_chat_files WHERE ${own} RETURNING id`,
  ]);
  if (removed.length === 0) throw notFound("File");
  enqueueSoon(ctx, { type: "delete-files" });
}
