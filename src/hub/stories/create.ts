import { sql } from "../../platform/d1/sql.ts";
import type { UserCtx } from "../context.ts";
import { badToken } from "../errors.ts";
import { useFile } from "../media/rows.ts";
import { selectStory } from "./find.ts";
import { markPeople, requireSeen } from "./marked.ts";
import type { StoryResponse } from "./responses.ts";
import { toStory } from "./row.ts";
import type { StoryCreate } from "./schemas.ts";

/**
 * Publishes a story for 24 hours.
 * @throws ServiceError invalid for somebody marked whom the user does not see; unauthenticated if the account has gone
 */
export async function createStory(ctx: UserCtx, input: StoryCreate): Promise<StoryResponse> {
  const { db, user } = ctx;
  const { caption, audience } = input;
  const { key } = input.media;
  const marked = [...new Set(input.marked)];
  await requireSeen(ctx, marked);
  const now = Date.now();
  // The key is of this upload alone.
  const created = sql`s.media = ${key} AND s.owner_id = ${user.id}`;
  const [, , , [row]] = await db.batch([
    sql`
      INSERT INTO hub_stories (owner_id, media, caption, audience, created_at, updated_at)
      SELECT u.id, ${key}, ${caption}, ${audience}, ${now}, ${now} FROM hub_users u
      WHERE u.id = ${user.id} AND u.deleted_at IS NULL`,
    markPeople(ctx, created, marked),
    // The file of a story that did not come to be must go after a day.
    sql`${useFile(key)} AND EXISTS (SELECT 1 FROM hub_stories s WHERE ${created})`,
    selectStory(ctx, created),
  ]);
  if (!row) throw badToken("the account is being deleted");
  return toStory(ctx, row, now);
}
