import { type SQL, sql } from "../../platform/d1/sql.ts";
import { hasAsContact, isOpenTo, U } from "../people/visibility.ts";

// The one place that decides who sees which story. A story has the alias `s`, its owner the alias `u`.

/** How long others see a story, in milliseconds. */
export const LIFE_MS = 86_400_000;

/** The condition that a story is not in the archive yet. It ends by the clock alone: no job has to run in time. */
export const isActive = (now: number): SQL => sql`s.created_at > ${now - LIFE_MS}`;

/** The condition that a story is its owner's own, and in the given place. */
export const isOwnIn = (place: Place, viewer: number, now: number): SQL =>
  place === "active"
    ? sql`s.owner_id = ${viewer} AND ${isActive(now)}`
    : sql`s.owner_id = ${viewer} AND s.created_at <= ${now - LIFE_MS}`;

/** Where a story is for its owner. Others see it while it is active, and never after. */
export type Place = "active" | "archive";

/**
 * The condition that a viewer sees a story now. Every door asks it: detail, lists, reactions and views.
 * @param now in milliseconds since the epoch
 */
export const isSeenNow = (viewer: number, now: number): SQL => sql`
  ${isActive(now)} AND ${isOpenTo(viewer)} AND (
    s.owner_id = ${viewer}
    OR s.audience = 'public'
    OR (s.audience = 'contact' AND ${hasAsContact(U.id, viewer)})
    OR (s.audience = 'marked' AND EXISTS (
      SELECT 1 FROM hub_story_marked m WHERE m.story_id = s.id AND m.user_id = ${viewer})))`;

/** Stories with their owners, to put after FROM. */
export const STORIES = sql.raw("hub_stories s JOIN hub_users u ON u.id = s.owner_id");
