import type { tl } from "@mtcute/core";
import { RpcError } from "../wire/handler.ts";
import type { Methods } from "./methods.ts";
import { checkedChannel, markedPeer } from "./peers.ts";
import { type Account, type Chat, markedId } from "./state.ts";
import { chatView, firstMessage, messageView, named, peerOf, seconds } from "./views.ts";
import type { World } from "./world.ts";

const PAGE_MAX = 100;
const MAIN = 0;
const ARCHIVE = 1;

export const dialogs: Methods = {
  "messages.getDialogs": (world, call, caller) => {
    const account = world.signedIn(caller);
    const { folderId } = call;
    const isInFolder = ({ isArchived }: Chat) =>
      folderId === undefined || isArchived === (folderId === ARCHIVE);
    const dialogs = dialogsOf(world, account);
    const all = dialogs.filter(isInFolder);
    const page = pageOf(all, call);
    const archived = dialogs.find(({ isArchived }) => isArchived);
    const isLed = folderId === MAIN && isFirst(call) && !call.excludePinned && archived;
    const answer = told(world, account, page, isLed ? archived : undefined);
    if (page.length === all.length) return { _: "messages.dialogs", ...answer };
    return { _: "messages.dialogsSlice", count: all.length, ...answer };
  },

  "messages.getPinnedDialogs": (world, { folderId }, caller) => {
    const account = world.signedIn(caller);
    const pinned = dialogsOf(world, account).filter(
      ({ isPinned, isArchived }) => isPinned && isArchived === (folderId === ARCHIVE),
    );
    return { _: "messages.peerDialogs", ...told(world, account, pinned), state: stateAt(world) };
  },

  "messages.getChats": (world, { id }, caller) => {
    const account = world.signedIn(caller);
    const chats = id.map((one) => {
      const chat = world.chats.get(markedId({ kind: "group", id: one }));
      if (!chat?.members[account.phone]) throw new RpcError(400, "CHAT_ID_INVALID");
      return chatView(world, account, chat);
    });
    return { _: "messages.chats", chats };
  },

  "channels.getChannels": (world, { id }, caller) => {
    const account = world.signedIn(caller);
    const chats = id.map((input) => {
      if (input._ !== "inputChannel") throw new RpcError(400, "CHANNEL_INVALID");
      const chat = world.chats.get(markedId({ kind: "channel", id: input.channelId }));
      return chatView(world, account, checkedChannel(world, account, chat, input));
    });
    return { _: "messages.chats", chats };
  },

  "updates.getState": (world, _call, caller) => {
    world.signedIn(caller);
    return stateAt(world);
  },
};

const stateAt = (world: World): tl.updates.RawState => ({
  ...{ _: "updates.state", pts: 1, qts: 0, date: seconds(world.now()), seq: 1, unreadCount: 0 },
});

/** Where a dialog stands in the list: the date and the id of its last message, and its marked id. */
type Place = [date: number, messageId: number, id: number];

function placeOf(chat: Chat): Place {
  const last = chat.messages.at(-1);
  const id = last?.id ?? chat.firstMessageId;
  return [seconds(last?.at ?? chat.createdAt), id, markedId(chat)];
}

/** Newest first. */
const compare = (one: Place, other: Place): number =>
  other[0] - one[0] || other[1] - one[1] || other[2] - one[2];

const dialogsOf = (world: World, { phone }: Account): Chat[] =>
  [...world.chats.values()]
    .filter(({ members }) => members[phone] !== undefined)
    .sort((one, other) => compare(placeOf(one), placeOf(other)));

type Offset = Pick<
  tl.messages.RawGetDialogsRequest,
  "excludePinned" | "offsetDate" | "offsetId" | "offsetPeer" | "limit"
>;

const isFirst = ({ offsetDate, offsetId }: Offset): boolean => offsetDate === 0 && offsetId === 0;

/** What is pinned leads the first page, whatever its date. */
function pageOf(all: Chat[], call: Offset): Chat[] {
  const { excludePinned, offsetDate, offsetId, offsetPeer, limit } = call;
  const size = Math.min(limit, PAGE_MAX);
  const others = all.filter(({ isPinned }) => !isPinned);
  if (isFirst(call)) {
    const pinned = excludePinned ? [] : all.filter(({ isPinned }) => isPinned);
    return [...pinned, ...others.slice(0, Math.max(0, size - pinned.length))];
  }
  const offset: Place = [offsetDate, offsetId, markedPeer(offsetPeer) ?? 0];
  return others.filter((chat) => compare(offset, placeOf(chat)) < 0).slice(0, size);
}

/** @param archived the newest dialog of the archive, which stands for it before all others */
function told(world: World, account: Account, page: Chat[], archived?: Chat) {
  const chats = archived ? [archived, ...page] : page;
  return {
    dialogs: [...(archived ? [archiveView(archived)] : []), ...page.map(dialogView)],
    messages: chats.map((chat): tl.TypeMessage => {
      const last = chat.messages.at(-1);
      return last ? messageView(world, account, chat, last) : firstMessage(chat);
    }),
    ...named(world, account, chats),
  };
}

const dialogView = (chat: Chat): tl.TypeDialog => ({
  ...{ _: "dialog", peer: peerOf(chat), topMessage: placeOf(chat)[1] },
  ...(chat.isPinned ? { pinned: true } : {}),
  ...(chat.isArchived ? { folderId: ARCHIVE } : {}),
  ...{ readInboxMaxId: 0, readOutboxMaxId: 0, unreadCount: 0, unreadMentionsCount: 0 },
  ...{ unreadReactionsCount: 0, unreadPollVotesCount: 0 },
  notifySettings: { _: "peerNotifySettings" },
});

const archiveView = (chat: Chat): tl.TypeDialog => ({
  ...{ _: "dialogFolder", folder: { _: "folder", id: ARCHIVE, title: "Archived chats" } },
  ...{ pinned: true, peer: peerOf(chat), topMessage: placeOf(chat)[1] },
  ...{ unreadMutedPeersCount: 0, unreadUnmutedPeersCount: 0 },
  ...{ unreadMutedMessagesCount: 0, unreadUnmutedMessagesCount: 0 },
});
