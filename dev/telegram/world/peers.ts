import type { tl } from "@mtcute/core";
import { type Call, RpcError } from "../wire/handler.ts";
import { type Account, type Chat, markedId } from "./state.ts";
import type { World } from "./world.ts";

/** The marked id that a client names; null for nobody, or for itself. */
export function markedPeer(peer: tl.TypeInputPeer): number | null {
  switch (peer._) {
    case "inputPeerChat":
      return markedId({ kind: "group", id: peer.chatId });
    case "inputPeerChannel":
    case "inputPeerChannelFromMessage":
      return markedId({ kind: "channel", id: peer.channelId });
    case "inputPeerUser":
    case "inputPeerUserFromMessage":
      return peer.userId;
    default:
      return null;
  }
}

/** The chat that a call is about, as a marked id; null for the calls that are about none. */
export function chatOf(call: Call): number | null {
  return "peer" in call && typeof call.peer === "object" && isInputPeer(call.peer)
    ? markedPeer(call.peer)
    : null;
}

const isInputPeer = (peer: { _: string }): peer is tl.TypeInputPeer => peer._.startsWith("inputPeer");

/**
 * The group or channel that a client names, with the access hash that its account was given.
 * @throws RpcError for what the account cannot know
 */
export function groupOf(world: World, account: Account, peer: tl.TypeInputPeer): Chat {
  const id = markedPeer(peer);
  const chat = id === null ? undefined : world.chats.get(id);
  if (peer._ === "inputPeerChat" && chat?.members[account.phone]) return chat;
  if (peer._ !== "inputPeerChannel") throw new RpcError(400, "PEER_ID_INVALID");
  return checkedChannel(world, account, chat, peer);
}

/** @throws RpcError if there is none, or its access hash is another account's */
export function checkedChannel(
  world: World,
  account: Account,
  chat: Chat | undefined,
  { accessHash }: Pick<tl.RawInputChannel, "accessHash">,
): Chat {
  const isKnown = chat && world.accessHash(account, markedId(chat)).eq(accessHash);
  if (!isKnown) throw new RpcError(400, "CHANNEL_INVALID");
  return chat;
}

/** @throws RpcError for a chat in which the account is no longer */
export function requireMember(chat: Chat, account: Account): void {
  const membership = chat.members[account.phone];
  if (membership === "member" || membership === "banned") return;
  if (chat.kind === "group") throw new RpcError(403, "CHAT_FORBIDDEN");
  throw new RpcError(400, "CHANNEL_PRIVATE");
}
