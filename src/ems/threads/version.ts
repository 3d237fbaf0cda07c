import { sql } from "drizzle-orm/sql";
import { ServiceError } from "../../lib/errors.ts";
import { batch, type Ctx, inCompanies, type UserCtx } from "../context.ts";
import { messagesByIds } from "../messages/query.ts";
import type { MessageResponse } from "../messages/schemas.ts";

/** How many of the messages that a caller has not seen a refusal shows: it is built in memory. */
const SHOWN_UNSEEN = 25;

/**
 * Lets one of those who want to answer the same state of a thread begin, and no other: the claim is the next
 * version. Whoever has claimed and then cannot write gives it back.
 * @throws ServiceError `conflict` with the newest 25 messages that the caller has not seen, oldest first, bodies over 64 KB
 *   left out, and whether there are `more`: none at all when a colleague is just answering
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
  const detail = messages.length
    ? `Not sent: ${more ? "more than " : ""}${messages.length} more in this thread since you have read it`
    : "Not sent: a colleague is answering this thread just now";
  const version = current?.version ?? seen;
  throw new ServiceError("conflict", detail, { details: { version, messages, more } });
}

/** Undoes a claim that came to nothing, unless something was written since. */
export const releaseVersion = (
  ctx: Ctx,
  companyId: number,
  threadId: string,
  seen: number,
): Promise<unknown> =>
  ctx.db.run(sql`
    UPDATE ems_threads SET version = ${seen}
    WHERE id = ${threadId} AND company_id = ${companyId} AND version = ${seen + 1}`);
