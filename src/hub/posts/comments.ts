import { notFound } from "../../lib/errors.ts";
import { badField } from "../../lib/field-errors.ts";
import { uuidv7 } from "../../lib/ids.ts";
import { isoOf, isoOrNullOf } from "../../lib/time.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import type { UserCtx } from "../context.ts";
import { type Found, foundIn, type Page } from "../lists.ts";
import { CARD_COLUMNS, type CardRow, toCard } from "../people/card.ts";
import { isSeen, U } from "../people/visibility.ts";
import { getCounts } from "./counts.ts";
import type { PostCommentResponse } from "./responses.ts";
import type { CommentCreate, CommentUpdate } from "./schemas.ts";
import { seesPost } from "./visible.ts";

type CommentRow = CardRow & {
  id: string;
  post_id: string;
  comment: string;
  reply_to: string | null;
  is_edited: 0 | 1;
  created_at: number;
  updated_at: number | null;
};

/** The id of a comment, if the viewer sees who wrote it. */
const seenComment = (viewer: number, id: SQL): SQL => sql`
  SELECT r.id FROM hub_post_comments r JOIN hub_users w ON w.id = r.owner_id
  WHERE r.id = ${id} AND ${isSeen(viewer, { id: sql.raw("w.id"), deletedAt: sql.raw("w.deleted_at") })}`;

/** The columns of a comment as a viewer sees it. Its row has the alias `c`, and its owner's has `u`. */
const commentColumns = (viewer: number): SQL => sql`
  c.id, c.post_id, c.comment, c.is_edited, c.created_at, c.updated_at, ${CARD_COLUMNS},
  iif(c.reply_to IS NULL, NULL, (${seenComment(viewer, sql`c.reply_to`)})) AS reply_to`;

const selectComment = ({ user }: UserCtx, id: string): SQL<CommentRow> => sql<CommentRow>`
  SELECT ${commentColumns(user.id)} FROM hub_post_comments c JOIN hub_users u ON u.id = c.owner_id
  WHERE c.id = ${id} AND c.owner_id = ${user.id}`;

/** @throws ServiceError not_found for a post that the viewer may not see; invalid for an answer to a comment elsewhere */
export async function createComment(ctx: UserCtx, input: CommentCreate): Promise<PostCommentResponse> {
  const { db, user, origin } = ctx;
  const { post, comment, reply_to } = input;
  const id = uuidv7();
  const sees = seesPost(user.id, post);
  const isAnswerable = sql`(${reply_to} IS NULL OR EXISTS (
    ${seenComment(user.id, sql`${reply_to}`)} AND r.post_id = ${post}))`;
  const [, [row], [seen]] = await db.batch([
    sql`INSERT INTO hub_post_comments (id, post_id, owner_id, comment, reply_to, created_at)
        SELECT ${id}, ${post}, ${user.id}, ${comment}, ${reply_to}, ${Date.now()} WHERE ${sees} AND ${isAnswerable}`,
    selectComment(ctx, id),
    sql`SELECT 1 WHERE ${sees}`,
  ]);
  if (!seen) throw notFound("Post");
  if (!row) throw badField("reply_to", `Invalid pk "${reply_to}" - object does not exist.`);
  return toComment(row, origin);
}

/** @throws ServiceError not_found for a comment of others, or on a post that the viewer may not see any more */
export async function updateComment(
  ctx: UserCtx,
  id: string,
  { comment }: CommentUpdate,
): Promise<PostCommentResponse> {
  const [[changed], [row]] = await ctx.db.batch([
    sql`UPDATE hub_post_comments SET comment = ${comment}, is_edited = 1, updated_at = ${Date.now()}
        WHERE ${isOwn(ctx, id)} RETURNING id`,
    selectComment(ctx, id),
  ]);
  if (!changed || !row) throw notFound("Comment");
  return toComment(row, ctx.origin);
}

/** Its answers stay. @throws ServiceError as `updateComment` does */
export async function deleteComment(ctx: UserCtx, id: string): Promise<void> {
  const [deleted] = await ctx.db.all(sql`DELETE FROM hub_post_comments WHERE ${isOwn(ctx, id)} RETURNING id`);
  if (!deleted) throw notFound("Comment");
}

/** The condition that a comment is the viewer's, on a post that they see. */
const isOwn = ({ user }: UserCtx, id: string): SQL => sql`
  id = ${id} AND owner_id = ${user.id} AND ${seesPost(user.id, sql`hub_post_comments.post_id`)}`;

/**
 * Lists the comments of a post, the newest first, without those of people whom the viewer may not see. The total counts
 * them as well.
 * @throws ServiceError not_found for a post that the viewer may not see
 */
export async function listComments(
  ctx: UserCtx,
  post: string,
  page: Page,
): Promise<Found<PostCommentResponse>> {
  const { comment_count } = await getCounts(ctx, post);
  const rows = await ctx.db.all(sql<CommentRow>`
    SELECT ${commentColumns(ctx.user.id)} FROM hub_post_comments c CROSS JOIN hub_users u ON u.id = c.owner_id
    WHERE c.post_id = ${post} AND ${isSeen(ctx.user.id, U)}
    ORDER BY c.id DESC LIMIT ${page.limit + 1} OFFSET ${page.offset}`);
  return foundIn(
    rows.map((row) => toComment(row, ctx.origin)),
    page,
    comment_count,
  );
}

const toComment = (row: CommentRow, origin: string): PostCommentResponse => ({
  id: row.id,
  owner: toCard(row, origin),
  post: row.post_id,
  comment: row.comment,
  reply_to: row.reply_to,
  is_edited: row.is_edited === 1,
  created_at: isoOf(row.created_at),
  updated_at: isoOrNullOf(row.updated_at),
});
