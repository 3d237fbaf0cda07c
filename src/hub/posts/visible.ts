import { type SQL, sql, type Value } from "../../platform/d1/sql.ts";
import { isOpenTo } from "../people/visibility.ts";

/** The condition that a viewer sees a post. The post's row has the alias `p`, and its owner's has `u`. */
export const isVisibleTo = (viewer: number): SQL => sql`
  (p.is_active = 1 OR p.owner_id = ${viewer}) AND ${isOpenTo(viewer)}`;

/**
 * The condition that a viewer sees the post with an id.
 * @param post an id, or an SQL expression
 */
export const seesPost = (viewer: number, post: Value): SQL => sql`
  EXISTS (SELECT 1 FROM hub_posts p JOIN hub_users u ON u.id = p.owner_id
    WHERE p.id = ${post} AND ${isVisibleTo(viewer)})`;
