import { badField } from "../../../lib/field-errors.ts";
import type { UserCtx } from "../../context.ts";
import { findOwnRoom, type OwnRoom } from "../access.ts";
import { findSenders } from "../cards.ts";
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
  const [people, attachments] = await Promise.all([
    findSenders(ctx, ctx.user.id, [...new Set(messages.map(({ sender }) => sender))]),
    findAttachments(
      ctx,
      messages.flatMap(({ files }) => files),
    ),
  ]);
  return messages.map((message) => {
    const card = people.get(message.sender);
    const isApart = card?.is_apart === 1;
    const view = { origin: ctx.origin, isApart, isHidden: isApart && !room.isPrivate };
    return toItem(message, room.id, card, attachments, view);
  });
}
