import type { Change, StoredMessage } from "../contract.ts";
import { findAttachments } from "../files/attachments.ts";
import { broadcast, deletedEvent, messageEvent } from "./events.ts";
import type { Room } from "./state.ts";

/**
 * Replaces the text of a user's own message, and tells all.
 * @returns null without such a message; "refused" for somebody else's
 * @throws Error when the database fails: nothing is changed then
 */
export async function editMessage(
  room: Room,
  { seq, at, user, text }: Change & { text: string },
): Promise<StoredMessage | null | "refused"> {
  const { ctx, log } = room;
  const attachments = await findAttachments(ctx, log.find(seq, at)?.files ?? []);
  const message = log.find(seq, at);
  if (!message) return null;
  if (message.sender !== user) return "refused";
  const edited = log.edit(message, text);
  const card = room.people.card(user);
  broadcast(room, user, messageEvent(room, "message_edited", edited, { card, attachments }));
  return edited;
}

/**
 * Deletes a message, and tells all.
 * @param change with `isModerator`: may delete anybody's
 * @returns null without such a message; "refused" for somebody else's
 */
export function removeMessage(
  room: Room,
  { seq, at, user, isModerator }: Change & { isModerator: boolean },
): "removed" | null | "refused" {
  const message = room.log.find(seq, at);
  if (!message) return null;
  if (message.sender !== user && !isModerator) return "refused";
  const deletion = room.log.remove(message);
  broadcast(room, user, () => deletedEvent(room, message.id, deletion));
  return "removed";
}
