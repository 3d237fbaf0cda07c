import { notFound } from "../../../lib/errors.ts";
import type { UserCtx } from "../../context.ts";
import { notAllowed } from "../../errors.ts";
import { findRoomOfKey } from "../access.ts";
import { type MessagePlace, placeOf } from "../message-ids.ts";
import { objectOf } from "../objects.ts";
import { toItems } from "./history.ts";
import type { Item } from "./item.ts";

/**
 * Edits a message of one's own.
 * @returns it as it is now
 * @throws ServiceError not_found; forbidden for a message of somebody else, and after a block in a private room
 */
export async function updateMessage(ctx: UserCtx, id: string, text: string): Promise<Item> {
  const { seq, at, roomKey } = placeIn(id);
  const room = await findRoomOfKey(ctx, roomKey);
  if (room.isSilenced) throw notAllowed();
  const edited = await objectOf(ctx, room.id).edit({ seq, at, user: ctx.user.id, text });
  if (edited === null) throw notFound("Message");
  if (edited === "refused") throw notAllowed();
  const [item] = await toItems(ctx, room, [edited]);
  if (!item) throw notFound("Message");
  return item;
}

/** Deletes a message. @throws ServiceError not_found; forbidden unless it is one's own, or one moderates the group */
export async function deleteMessage(ctx: UserCtx, id: string): Promise<void> {
  const { seq, at, roomKey } = placeIn(id);
  const { id: room, isModerator } = await findRoomOfKey(ctx, roomKey);
  const removed = await objectOf(ctx, room).remove({ seq, at, user: ctx.user.id, isModerator });
  if (removed === null) throw notFound("Message");
  if (removed === "refused") throw notAllowed();
}

function placeIn(id: string): MessagePlace {
  const place = placeOf(id);
  if (!place) throw notFound("Message");
  return place;
}
