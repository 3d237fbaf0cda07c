import { sql } from "drizzle-orm";
import { notFound } from "../../lib/errors.ts";
import type { Position } from "../../lib/pagination.ts";
import { inCompanies, type UserCtx } from "../context.ts";
import { listPage } from "../lists.ts";
import { messagesByIds } from "./query.ts";
import type { MessageResponse, MessagesQuery } from "./schemas.ts";

/** A page of the caller's messages, newest first. The items come while they are read. */
export async function listMessages(
  ctx: UserCtx,
  query: MessagesQuery,
): Promise<{ items: AsyncIterable<MessageResponse>; total: number }> {
  const { rows, total } = await listPage<Position>(
    ctx,
    query,
    "message_count",
    (condition, limit) => sql`
      SELECT id, sent_at AS at FROM ems_messages WHERE ${condition}
      ORDER BY sent_at DESC, id DESC LIMIT ${limit}`,
  );
  return {
    items: messagesByIds(
      ctx,
      rows.map(({ id }) => id),
    ),
    total,
  };
}

/** @throws ApiError 404 */
export async function getMessage(ctx: UserCtx, id: string): Promise<MessageResponse> {
  const found = await ctx.db.all(sql`
    SELECT 1 FROM ems_messages WHERE id = ${id} AND company_id ${inCompanies(ctx)}`);
  if (found.length === 0) throw notFound("Message");
  for await (const message of messagesByIds(ctx, [id])) return message;
  throw notFound("Message");
}
