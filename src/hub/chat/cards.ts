import { type SQL, sql } from "../../platform/d1/sql.ts";
import type { Ctx } from "../context.ts";
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

/** The card of a sender, as somebody sees it. */
export type Sender = CardRow & Pick<PersonRow, "is_apart">;

/** Senders of one statement: D1 takes 100 parameters. As VALUES each costs one row; from json_each it would cost two. */
const STEP = 50;

/** The cards of senders as somebody sees them, by id. Accounts that are gone have none. */
export async function findSenders({ db }: Ctx, viewer: number, ids: number[]): Promise<Map<number, Sender>> {
  const steps = Array.from({ length: Math.ceil(ids.length / STEP) }, (_, nth) =>
    ids.slice(nth * STEP, (nth + 1) * STEP).map((id) => sql`(${id})`),
  );
  const found = await db.batch(
    steps.map(
      (some) => sql<Sender>`
        SELECT ${personColumns(viewer)} FROM (VALUES ${sql.join(some, sql`, `)}) s
        CROSS JOIN hub_users u ON u.id = s.column1 WHERE u.deleted_at IS NULL`,
    ),
  );
  return new Map(found.flat().map((sender) => [sender.user_id, sender]));
}
