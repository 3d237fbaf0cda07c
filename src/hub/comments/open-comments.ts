import { isoOf } from "../../lib/time.ts";
import { sql } from "../../platform/d1/sql.ts";
import type { OpenCtx } from "../context.ts";
import type { Found, Page } from "../lists.ts";
import type { OpenCommentResponse } from "./responses.ts";
import type { OpenCommentInput } from "./schemas.ts";

type Row = { id: number; content: string; created_at: number };

/** Writes a comment into the open guest book. */
export async function createOpenComment(
  { db }: OpenCtx,
  { content }: OpenCommentInput,
): Promise<OpenCommentResponse> {
  const now = Date.now();
  const rows = await db.all(sql<Row>`
    INSERT INTO hub_comments (content, created_at) VALUES (${content}, ${now}) RETURNING id, content, created_at`);
  return rows.map(toResponse)[0] as OpenCommentResponse;
}

/**
 * Lists the comments of the open guest book, the newest first. A page deep in it costs the same as the first: no comment
 * is ever removed, so the ids count them.
 */
export async function listOpenComments({ db }: OpenCtx, page: Page): Promise<Found<OpenCommentResponse>> {
  const newest = sql`(SELECT coalesce(max(id), 0) FROM hub_comments)`;
  const [[counted], rows] = await db.batch([
    sql<{ total: number }>`SELECT ${newest} AS total`,
    sql<Row>`
      SELECT id, content, created_at FROM hub_comments
      WHERE id <= ${newest} - ${page.offset} ORDER BY id DESC LIMIT ${page.limit}`,
  ]);
  return { items: rows.map(toResponse), total: counted?.total ?? 0 };
}

const toResponse = ({ id, content, created_at }: Row): OpenCommentResponse => ({
  id,
  content,
  created_at: isoOf(created_at),
});
