import { Long, type tl } from "@mtcute/core";
import { RpcError } from "../wire/handler.ts";
import { mediumOf } from "./media.ts";
import type { Methods } from "./methods.ts";
import { groupOf, requireMember } from "./peers.ts";
import type { Account, Chat, Medium, Message } from "./state.ts";
import { chatView, messageView, seconds, userView } from "./views.ts";
import type { World } from "./world.ts";

const TEXT_MAX = 4096;
const CAPTION_MAX = 1024;

type Post = Pick<tl.messages.RawSendMessageRequest, "peer" | "message" | "randomId" | "allowPaidStars">;

export const posting: Methods = {
  "messages.sendMessage": (world, call, caller) => {
    const account = world.signedIn(caller);
    const chat = targetOf(world, account, call);
    if (call.message.trim() === "") throw new RpcError(400, "MESSAGE_EMPTY");
    if (call.message.length > TEXT_MAX) throw new RpcError(400, "MESSAGE_TOO_LONG");
    const message = store(world, account, chat, call, null);
    // As Telegram answers there, without the message.
    if (chat.kind === "group") return shortAnswer(message);
    return longAnswer(world, account, chat, message);
  },

  "messages.sendMedia": (world, call, caller) => {
    const account = world.signedIn(caller);
    const chat = targetOf(world, account, call);
    if (call.message.length > CAPTION_MAX) throw new RpcError(400, "MEDIA_CAPTION_TOO_LONG");
    const medium = mediumOf(world, account, call.media);
    return longAnswer(world, account, chat, store(world, account, chat, call, medium));
  },
};

/**
 * The chat of a post, into which the account may write now.
 * @throws RpcError for a person, for a chat that refuses, and for a random id that has come before
 */
function targetOf(world: World, account: Account, { peer, randomId, allowPaidStars }: Post): Chat {
  if (peer._ === "inputPeerUser" || peer._ === "inputPeerSelf" || peer._ === "inputPeerUserFromMessage") {
    account.messagesToPeople++;
    throw new RpcError(400, "PEER_ID_INVALID");
  }
  const chat = groupOf(world, account, peer);
  requireMember(chat, account);
  if (chat.isDeactivated || chat.migratedTo !== null) throw new RpcError(400, "CHAT_ID_INVALID");
  if (chat.kind === "channel" || chat.isGigagroup) throw new RpcError(400, "CHAT_ADMIN_REQUIRED");
  if (world.hasPosted(account, randomId.toString())) throw new RpcError(500, "RANDOM_ID_DUPLICATE");
  if (chat.members[account.phone] === "banned") throw new RpcError(400, "USER_BANNED_IN_CHANNEL");
  if (chat.isReadOnly) throw new RpcError(403, "CHAT_WRITE_FORBIDDEN");
  if (chat.isClosed) throw new RpcError(400, "TOPIC_CLOSED");
  if (chat.price > 0) {
    const isOffered = (allowPaidStars ?? Long.ZERO).gte(chat.price);
    // Nobody has stars here.
    throw isOffered
      ? new RpcError(400, "BALANCE_TOO_LOW")
      : new RpcError(403, `ALLOW_PAYMENT_REQUIRED_${chat.price}`);
  }
  requirePause(chat, account, world.now());
  return chat;
}

/** @throws RpcError with the seconds that are left of a slow mode */
function requirePause({ slowMode, messages }: Chat, { phone }: Account, now: number): void {
  if (slowMode === 0) return;
  const last = messages.findLast((message) => message.phone === phone);
  const left = last ? last.at + slowMode * 1000 - now : 0;
  if (left > 0) throw new RpcError(420, `SLOWMODE_WAIT_${Math.ceil(left / 1000)}`);
}

/** Telegram stores a text without the spaces around it. */
function store(world: World, account: Account, chat: Chat, post: Post, medium: Medium | null): Message {
  const [text, randomId] = [post.message.trim(), post.randomId.toString()];
  return world.post(chat, { phone: account.phone, text, randomId, mediumId: medium?.id ?? null });
}

const shortAnswer = ({ id, at }: Message): tl.TypeUpdates => ({
  ...{ _: "updateShortSentMessage", out: true, id, pts: id, ptsCount: 1, date: seconds(at) },
});

function longAnswer(world: World, account: Account, chat: Chat, message: Message): tl.TypeUpdates {
  const view = { message: messageView(world, account, chat, message), pts: message.id, ptsCount: 1 };
  const kind = chat.kind === "group" ? "updateNewMessage" : "updateNewChannelMessage";
  return {
    _: "updates",
    updates: [
      { _: "updateMessageID", id: message.id, randomId: Long.fromString(message.randomId) },
      { _: kind, ...view },
    ],
    users: [userView(world, account, account)],
    chats: [chatView(world, account, chat)],
    ...{ date: seconds(message.at), seq: 0 },
  };
}
