import type { tl } from "@mtcute/core";
import { toggleChannelIdMark } from "@mtcute/core/utils.js";
import type { FoundGroup } from "../contract.ts";

/**
 * Finds the group of a dialog.
 * @returns null where the account may not write, and for whatever is no group
 */
export function groupOf(chat: tl.TypeChat): Omit<FoundGroup, "formerPeer"> | null {
  if (chat._ === "chat") return basicGroupOf(chat);
  if (chat._ === "channel") return supergroupOf(chat);
  return null; // forbidden, empty
}

/** Names the basic group and the supergroup that it has become, as in the Bot API; null for a chat that is still there. */
export function migrationOf(chat: tl.TypeChat): { from: number; to: number } | null {
  if (chat._ !== "chat" || chat.migratedTo?._ !== "inputChannel") return null;
  return { from: -chat.id, to: toggleChannelIdMark(chat.migratedTo.channelId) };
}

function basicGroupOf(chat: tl.RawChat) {
  if (chat.left || chat.deactivated || chat.migratedTo || !mayWrite(chat)) return null;
  return { peer: -chat.id, title: chat.title, username: null, accessHash: null };
}

function supergroupOf(chat: tl.RawChannel) {
  // Those who read the direct messages of a channel are persons.
  const isGroup = chat.megagroup && !chat.broadcast && !chat.gigagroup && !chat.monoforum;
  // What `min` objects have for an access hash names nothing.
  const isMember = !chat.left && !chat.min && chat.accessHash !== undefined;
  if (!isGroup || !isMember || chat.sendPaidMessagesStars?.gt(0) || !mayWrite(chat)) return null;
  return {
    peer: toggleChannelIdMark(chat.id),
    title: chat.title,
    username: usernameOf(chat),
    accessHash: `${chat.accessHash}`,
  };
}

function mayWrite(chat: tl.RawChat | tl.RawChannel): boolean {
  if (chat.creator || chat.adminRights) return true;
  const own = chat._ === "channel" ? chat.bannedRights : undefined;
  return ![own, chat.defaultBannedRights].some((rights) => rights?.sendMessages || rights?.viewMessages);
}

function usernameOf({ username, usernames }: tl.RawChannel): string | null {
  return username ?? usernames?.find(({ active }) => active)?.username ?? null;
}
