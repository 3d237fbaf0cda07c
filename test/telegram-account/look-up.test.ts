import type { tl } from "@mtcute/core";
import { expect, it } from "vitest";
import type { AccountContext } from "../../src/telegram-account/context.ts";
import type { Media } from "../../src/telegram-account/contract.ts";
import { findPost } from "../../src/telegram-account/posts/look-up.ts";

const TRIED_AT = 1_800_000_000_500;
const NOW = TRIED_AT / 1000;
const PEER: tl.RawInputPeerChat = { _: "inputPeerChat", chatId: 7 };
const VIDEO: Media = {
  ...{ key: "telegram/video", kind: "video", type: "video/mp4" },
  ...{ size: 1, width: 1, height: 1, duration: 1 },
};

const own = (changes: Partial<tl.RawMessage> = {}): tl.RawMessage => ({
  ...{ _: "message", id: 9, out: true, peerId: { _: "peerChat", chatId: 7 } },
  ...{ date: Math.floor(NOW), message: "Yuk bor\n+998" },
  ...changes,
});

/** Looks for a post among these messages. @returns its id, and what Telegram was asked */
async function find(messages: tl.TypeMessage[], post: { text?: string; media?: Media | null } = {}) {
  const calls: tl.RpcMethod[] = [];
  const call = async (method: tl.RpcMethod) => {
    calls.push(method);
    return { _: "messages.messages", messages, topics: [], chats: [], users: [] };
  };
  const account = { call: call as unknown as AccountContext["call"] };
  const id = await findPost(account, PEER, { text: "Yuk bor\n+998", media: null, ...post }, TRIED_AT);
  return { id, calls };
}

it("one call reads the last 50 messages", async () => {
  const { calls } = await find([]);
  expect(calls).toMatchObject([{ _: "messages.getHistory", peer: PEER, limit: 50, offsetId: 0 }]);
});

it.each<[string, tl.TypeMessage]>([
  ["of somebody else", own({ out: false })],
  ["with another text", own({ message: "Yuk bor\n+999" })],
  ["with a picture", own({ media: { _: "messageMediaPhoto" } })],
  ["from more than 30 seconds before the try", own({ date: Math.floor(NOW) - 30 })],
  [
    "of Telegram itself",
    {
      ...{ _: "messageService", id: 9, out: true, date: Math.floor(NOW), peerId: own().peerId },
      action: { _: "messageActionHistoryClear" },
    },
  ],
])("a message %s is not the post", async (_, message) => {
  expect(await find([message])).toMatchObject({ id: null });
});

it.each<[string, tl.RawMessage, { text?: string; media?: Media }]>([
  ["with its text", own(), {}],
  ["from 29 seconds before the try, as clocks differ", own({ date: Math.floor(NOW) - 29 }), {}],
  ["with white space that Telegram has cut", own(), { text: "  Yuk bor \r\n+998\u200b\n" }],
  ["with a preview of its link", own({ media: { _: "messageMediaEmpty" } }), {}],
  ["with its video", own({ media: { _: "messageMediaDocument" } }), { media: VIDEO }],
])("a message of our own %s is the post", async (_, message, post) => {
  expect(await find([own({ id: 10, out: false }), message], post)).toMatchObject({ id: 9 });
});
