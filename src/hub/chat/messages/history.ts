import { sql } from "../../../platform/d1/sql.ts";
import type { UserCtx } from "../../context.ts";
import { badField } from "../../errors.ts";
import { CARD_COLUMNS, type CardRow } from "../../people/card.ts";
import { isUnblocked, U } from "../../people/visibility.ts";
import { findOwnRoom, type OwnRoom } from "../access.ts";
import type { StoredMessage } from "../contract.ts";
import { findAttachments } from "../files/attachments.ts";
import { placeOf } from "../message-ids.ts";
import { objectOf } from "../objects.ts";
import { type Item, toItem } from "./item.ts";

/** A part of a room's history. */
export interface History {
  count: number;
  items: Item[];
  /** The position of the room: a socket that is opened with it as `since` misses nothing. */
  seq: number;
}

/**
 * Reads a part of a room's history, the newest message first.
 * @param query with the id of a message, only what is older
 * @throws ServiceError not_found for a room that is not the caller's; invalid for a `before` of another room
 */
export async function readHistory(
  ctx: UserCtx,
  roomId: string,
  query: { limit: number; offset: number; before: string | null },
): Promise<History> {
  const room = await findOwnRoom(ctx, roomId);
  const before = query.before === null ? null : placeOf(query.before);
  if (query.before !== null && before?.roomKey !== room.key)
    throw badField("before", `Invalid pk "${query.before}" - object does not exist.`);
  const page = await objectOf(ctx, roomId).page({ ...query, before: before?.seq ?? null });
  return { count: page.count, seq: page.seq, items: await toItems(ctx, room, page.messages) };
}

/** Makes the items of messages as the caller sees them. */
export async function toItems(ctx: UserCtx, room: OwnRoom, messages: StoredMessage[]): Promise<Item[]> {
  const [rows, attachments] = await Promise.all([
    findSenders(ctx, [...new Set(messages.map(({ sender }) => sender))]),
    findAttachments(
      ctx,
      messages.flatMap(({ files }) => files),
    ),
  ]);
  const people = new Map(rows.map((row) => [row.user_id, row]));
  return messages.map((message) => {
    const card = people.get(message.sender);
    const isApart = card?.is_apart === 1;
    const view = { origin: ctx.origin, isApart, isHidden: isApart && !room.isPrivate };
    return toItem(message, room.id, card, attachments, view);
  });
}

/** Of a page, at most: D1 takes 100 parameters. As VALUES each costs one row; from json_each it would cost two. */
const STEP = 50;

async function findSenders({ db, user }: UserCtx, senders: number[]): Promise<Sender[]> {
  const steps = [senders.slice(0, STEP), senders.slice(STEP)].filter(({ length }) => length > 0);
  const found = await db.batch(
    steps.map(
      (some) => sql<Sender>`
        SELECT ${CARD_COLUMNS}, NOT (${isUnblocked(user.id, U.id)}) AS is_apart
        FROM (VALUES ${sql.join(
          some.map((id) => sql`(${id})`),
          sql`, `,
        )}) s CROSS JOIN hub_users u ON u.id = s.column1 WHERE u.deleted_at IS NULL`,
    ),
  );
  return found.flat();
}

type Sender = CardRow & { is_apart: 0 | 1 };
