import { type SQL, sql } from "../../platform/d1/sql.ts";
import { CARD_COLUMNS, type Card, type CardRow, toCard } from "../people/card.ts";
import { isUnblocked, U } from "../people/visibility.ts";

/** A person whom the viewer does not see: an account that is gone, or a block. */
export const nobody = (id: number): Card => ({ id, username: null, full_name: "", profile_picture: null });

/** The row of a person beside whom the viewer is in a room. All columns of a card are null for an account that is gone. */
export type PersonRow = (CardRow | { [Column in keyof CardRow]: null }) & {
  /** One of the two has blocked the other. */
  is_apart: 0 | 1;
};

/** The columns of `PersonRow`. They need `LEFT JOIN hub_users u`, without accounts that are being deleted. */
export const personColumns = (viewer: number): SQL =>
  sql`${CARD_COLUMNS}, NOT (${isUnblocked(viewer, U.id)}) AS is_apart`;

/** The card of a person; across a block, or of an account that is gone, only the id, so that counts stay true. */
export const cardOf = (row: PersonRow, id: number, origin: string): Card =>
  row.user_id === null || row.is_apart ? nobody(id) : toCard(row, origin);
