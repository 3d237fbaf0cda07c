import { isoOf } from "../../lib/time.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import type { UserCtx } from "../context.ts";
import { signedMediaUrl } from "../media/urls.ts";
import { CARD_COLUMNS, type CardRow, toCard } from "../people/card.ts";
import { isSeen } from "../people/visibility.ts";
import { LIFE_MS } from "./audience.ts";
import type { StoryResponse } from "./responses.ts";

export type StoryRow = CardRow & {
  id: number;
  media: string;
  caption: string;
  audience: "public" | "contact" | "marked";
  created_at: number;
  updated_at: number;
  /** JSON. */
  marked: string;
};

const MARKED_PERSON = { id: sql.raw("w.id"), deletedAt: sql.raw("w.deleted_at") };

/** The columns of a story with the alias `s`, for a viewer: only the owner finds others in `marked`. */
export const storyColumns = (viewer: number): SQL<StoryRow> => sql<StoryRow>`
  s.id, s.media, s.caption, s.audience, s.created_at, s.updated_at, ${CARD_COLUMNS},
  CASE WHEN s.owner_id = ${viewer} THEN (
    SELECT json_group_array(user_id) FROM (
      SELECT m.user_id FROM hub_story_marked m CROSS JOIN hub_users w ON w.id = m.user_id
      WHERE m.story_id = s.id AND ${isSeen(viewer, MARKED_PERSON)} ORDER BY m.user_id))
  ELSE (
    SELECT json_group_array(m.user_id) FROM hub_story_marked m
    WHERE m.story_id = s.id AND m.user_id = ${viewer}) END AS marked`;

/** Makes the answer of a story, with a URL of its media for this viewer. @param now the time that the story was read at */
export async function toStory(ctx: UserCtx, row: StoryRow, now: number): Promise<StoryResponse> {
  return {
    id: row.id,
    owner: toCard(row, ctx.origin),
    media: await signedMediaUrl(ctx, row.media, now),
    caption: row.caption,
    marked: JSON.parse(row.marked),
    is_active: row.created_at > now - LIFE_MS,
    audience: row.audience,
    created_at: isoOf(row.created_at),
    updated_at: isoOf(row.updated_at),
  };
}
