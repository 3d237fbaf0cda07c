import { ServiceError } from "../../lib/errors.ts";
import { sql } from "../../platform/d1/sql.ts";
import { batch, type Ctx, inCompanies, type UserCtx } from "../context.ts";
import { messagesByIds } from "../messages/query.ts";
import type { MessageResponse } from "../messages/responses.ts";

/** Maximum unseen messages in a conflict response, which is built in memory. */
const SHOWN_UNSEEN = 25;

/**
 * Claims the next version of a thread for a reply, if the caller has seen the current one. Of concurrent replies to the
 * same version, only one succeeds. If the reply is not written after all, call `releaseVersion`.
 * @param seen the version that the caller has seen
 * @throws ServiceError conflict, with the current `version`, the newest 25 unseen `messages` (oldest first, bodies over
 *   64 KB null), and `more` if there are others. Without messages, a colleague is writing a reply at this moment.
 */
export async function claimVersion(ctx: UserCtx, threadId: string, seen: number): Promise<void> {
  const thread = sql`id = ${threadId} AND company_id ${inCompanies(ctx)}`;
  const claimed = await ctx.db.all(
    sql`UPDATE ems_threads SET version = version + 1 WHERE ${thread} AND version = ${seen} RETURNING id`,
  );
  if (claimed.length) return;
  const [unseen, [current]] = await batch(ctx, [
    sql<{ id: string }>`
      SELECT id FROM ems_messages
      WHERE thread_id = ${threadId} AND hidden = 0 AND thread_version > ${seen} AND +company_id ${inCompanies(ctx)}
      ORDER BY thread_version DESC, id DESC LIMIT ${SHOWN_UNSEEN + 1}`,
    sql<{ version: number }>`SELECT version FROM ems_threads WHERE ${thread}`,
  ]);
  const ids = unseen.map(({ id }) => id);
  const shown = ids.slice(0, SHOWN_UNSEEN).reverse();
  const messages: MessageResponse[] = [];
  for await (const message of messagesByIds(ctx, shown, { largeBodies: false })) messages.push(message);
  const more = ids.length > SHOWN_UNSEEN;
  const noun = messages.length === 1 ? "message" : "messages";
  const detail = messages.length
    ? `Not sent: ${more ? "more than " : ""}${messages.length} new ${noun} in this thread since you read it`
    : "Not sent: a colleague is replying to this thread right now";
  const version = current?.version ?? seen;
  throw new ServiceError("conflict", detail, { details: { version, messages, more } });
}

/** Undoes a claim whose reply was not written, unless another version was claimed since. @param seen as claimed */
export const releaseVersion = (
  ctx: Ctx,
  companyId: number,
  threadId: string,
  seen: number,
): Promise<unknown> =>
  ctx.db.run(sql`
    UPDATE ems_threads SET version = ${seen}
    WHERE id = ${threadId} AND company_id = ${companyId} AND version = ${seen + 1}`);
