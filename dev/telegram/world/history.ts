import type { tl } from "@mtcute/core";
import type { Methods } from "./methods.ts";
import { groupOf, requireMember } from "./peers.ts";
import type { Account, Chat, Message } from "./state.ts";
import { chatView, firstMessage, messageView, seconds, userView } from "./views.ts";
import type { World } from "./world.ts";

const PAGE_MAX = 100;

export const history: Methods = {
  "messages.getHistory": (world, call, caller) => {
    const account = world.signedIn(caller);
    const chat = readable(world, account, call.peer);
    const first = { id: chat.firstMessageId, at: chat.createdAt };
    const before = [first, ...chat.messages].filter(
      ({ at }) => call.offsetDate === 0 || seconds(at) < call.offsetDate,
    );
    return answer(world, account, chat, pageOf(before, call));
  },

  "messages.search": (world, call, caller) => {
    const account = world.signedIn(caller);
    const chat = readable(world, account, call.peer);
    const { fromId, minDate, maxDate } = call;
    const author = fromId && authorOf(account, fromId);
    const found = chat.messages.filter(
      ({ phone, text, at }) =>
        (author === undefined || world.accounts.get(phone)?.id === author) &&
        text.toLowerCase().includes(call.q.toLowerCase()) &&
        (minDate === 0 || seconds(at) >= minDate) &&
        (maxDate === 0 || seconds(at) <= maxDate),
    );
    return answer(world, account, chat, pageOf(found, call));
  },
};

function readable(world: World, account: Account, peer: tl.TypeInputPeer): Chat {
  const chat = groupOf(world, account, peer);
  requireMember(chat, account);
  return chat;
}

const authorOf = (account: Account, peer: tl.TypeInputPeer): number =>
  peer._ === "inputPeerSelf" ? account.id : peer._ === "inputPeerUser" ? peer.userId : 0;

type Range = Pick<tl.messages.RawGetHistoryRequest, "offsetId" | "addOffset" | "limit" | "minId" | "maxId">;

/** What a chat begins with has no author and no text. */
type Entry = Message | Pick<Message, "id" | "at">;

/** Newest first, from before the offset. */
function pageOf(messages: Entry[], { offsetId, addOffset, limit, minId, maxId }: Range): Entry[] {
  const within = messages.filter(({ id }) => (minId === 0 || id > minId) && (maxId === 0 || id < maxId));
  const newestFirst = within.toReversed();
  const offset = offsetId === 0 ? 0 : newestFirst.filter(({ id }) => id >= offsetId).length;
  const start = Math.max(0, offset + addOffset);
  return newestFirst.slice(start, start + Math.min(limit, PAGE_MAX));
}

function answer(world: World, account: Account, chat: Chat, page: Entry[]): tl.messages.TypeMessages {
  const authors = new Set([account.phone, ...page.flatMap((one) => ("phone" in one ? [one.phone] : []))]);
  const told = {
    messages: page.map((one) =>
      "phone" in one ? messageView(world, account, chat, one) : firstMessage(chat),
    ),
    topics: [],
    chats: [chatView(world, account, chat)],
    users: [...authors].map((phone) => userView(world, account, world.account(phone))),
  };
  if (chat.kind === "group") return { _: "messages.messages", ...told };
  return { _: "messages.channelMessages", pts: 1, count: chat.messages.length + 1, ...told };
}
