import { Long, type tl } from "@mtcute/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { NewChat } from "../../../dev/telegram/contract.ts";
import { type Chat, markedId } from "../../../dev/telegram/world/state.ts";
import { createWorld, refusalOf, signIn } from "./client.ts";

const stage = createWorld();
const { world } = stage;

type Person = Awaited<ReturnType<typeof signIn>>;

const START = { offsetDate: 0, offsetId: 0, offsetPeer: { _: "inputPeerEmpty" as const }, hash: Long.ZERO };

/** A chat with a person in it. */
const chatWith = ({ phone }: Person, chat: Partial<NewChat> = {}) =>
  world.addChat({ title: "Yuk tashish", kind: "supergroup", members: [phone], ...chat });

const dialogs = async ({ call }: Person) => {
  const answer = await call("messages.getDialogs", { ...START, limit: 100 });
  if (answer._ === "messages.dialogsNotModified") throw new Error("unexpected");
  return answer;
};

/** The only chat of a person, as they see it. */
const seen = async (person: Person) => (await dialogs(person)).chats[0]!;

const peer = ({ account }: Person, chat: Chat): tl.TypeInputPeer =>
  chat.kind === "group"
    ? { _: "inputPeerChat", chatId: chat.id }
    : { _: "inputPeerChannel", channelId: chat.id, accessHash: world.accessHash(account, markedId(chat)) };

describe("dialogs", () => {
  it("of nobody are none", async () => {
    const answer = await dialogs(await signIn(stage));
    expect(answer).toMatchObject({ _: "messages.dialogs", dialogs: [], chats: [] });
  });

  it("hold no chat of others", async () => {
    const [one, other] = [await signIn(stage), await signIn(stage)];
    chatWith(one);
    expect((await dialogs(other)).chats).toEqual([]);
  });

  it("tell groups, supergroups, channels and people apart", async () => {
    const person = await signIn(stage);
    chatWith(person, { kind: "group", title: "Oddiy guruh" });
    chatWith(person, { username: "yuk_tashish" });
    chatWith(person, { kind: "channel", title: "Yangiliklar" });
    const friend = chatWith(person, { kind: "user", title: "Vali" });
    const { chats, users, messages, dialogs: all } = await dialogs(person);
    const byTitle = Object.fromEntries(chats.map((chat) => ["title" in chat ? chat.title : "", chat]));
    expect(byTitle["Oddiy guruh"]).toMatchObject({ _: "chat", participantsCount: 1 });
    expect(byTitle["Yuk tashish"]).toMatchObject({ _: "channel", megagroup: true, username: "yuk_tashish" });
    expect(byTitle.Yangiliklar).toMatchObject({ _: "channel", broadcast: true });
    expect(users).toContainEqual(expect.objectContaining({ id: friend.id, firstName: "Vali" }));
    expect(all).toHaveLength(4);
    expect(messages).toHaveLength(4);
  });

  it.each([
    [{ isForum: true }, { forum: true }],
    [{ isGigagroup: true }, { gigagroup: true }],
    [{ slowMode: 30 }, { slowmodeEnabled: true }],
    [{ price: 5 }, { sendPaidMessagesStars: Long.fromNumber(5) }],
    [{ isReadOnly: true }, { defaultBannedRights: { sendMessages: true } }],
  ])("tell %j", async (chat, told) => {
    const person = await signIn(stage);
    chatWith(person, chat);
    expect(await seen(person)).toMatchObject(told);
  });

  it.each([
    ["supergroup", "left", { _: "channel", left: true }],
    ["supergroup", "kicked", { _: "channelForbidden", megagroup: true }],
    ["supergroup", "banned", { _: "channel", bannedRights: { sendMessages: true } }],
    ["group", "left", { _: "chat", left: true }],
    ["group", "kicked", { _: "chatForbidden" }],
  ] as const)("tell who in a %s was %s", async (kind, membership, told) => {
    const person = await signIn(stage);
    chatWith(person, { kind, members: [], [membership]: [person.phone] });
    expect(await seen(person)).toMatchObject(told);
  });

  it("of the archive are asked for by its folder", async () => {
    const person = await signIn(stage);
    chatWith(person, { title: "Ochiq" });
    chatWith(person, { title: "Arxiv", isArchived: true });
    const listed = async (more: { folderId?: number; excludePinned?: boolean }) => {
      const answer = await person.call("messages.getDialogs", { ...START, limit: 100, ...more });
      if (!("chats" in answer)) throw new Error(answer._);
      return answer.dialogs.map(({ _, peer }) => {
        const chat = answer.chats.find(({ id }) => peer._ === "peerChannel" && id === peer.channelId);
        return [_, chat && "title" in chat ? chat.title : ""];
      });
    };
    // Telegram leads the main list with the archive, as one of its dialogs.
    expect(await listed({ folderId: 0 })).toEqual([
      ["dialogFolder", "Arxiv"],
      ["dialog", "Ochiq"],
    ]);
    expect(await listed({ folderId: 0, excludePinned: true })).toEqual([["dialog", "Ochiq"]]);
    expect(await listed({ folderId: 1 })).toEqual([["dialog", "Arxiv"]]);
    expect((await listed({})).map(([, title]) => title).sort()).toEqual(["Arxiv", "Ochiq"]);
  });

  it("tell what a group became, beside its successor", async () => {
    const person = await signIn(stage);
    const group = chatWith(person, { kind: "group" });
    const successor = world.migrate(group);
    const { chats } = await dialogs(person);
    expect(chats).toHaveLength(2);
    expect(chats.find(({ _ }) => _ === "chat")).toMatchObject({
      deactivated: true,
      migratedTo: { _: "inputChannel", channelId: successor.id },
    });
    expect(chats.find(({ _ }) => _ === "channel")).toMatchObject({ id: successor.id, megagroup: true });
  });

  it("come in pages, each of them once, whatever the size and though all are of one second", async () => {
    const person = await signIn(stage);
    const made = Array.from({ length: 23 }, (_, at) =>
      chatWith(person, { title: `${at}`, kind: at % 3 ? "supergroup" : "group", isPinned: at % 10 === 4 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 3, max: 30 }), async (limit) => {
        const found: number[] = [];
        let offset: typeof START | (Omit<typeof START, "offsetPeer"> & { offsetPeer: tl.TypeInputPeer }) =
          START;
        for (;;) {
          const page = await person.call("messages.getDialogs", { ...offset, limit });
          if (!("dialogs" in page) || page.dialogs.length === 0) break;
          found.push(...page.dialogs.map(({ peer }) => (peer._ === "peerUser" ? 0 : idOf(peer))));
          const last = page.dialogs.at(-1)!;
          const [message] = page.messages.filter((message) => message.id === last.topMessage).slice(-1);
          const chat = made.find(({ id }) => id === idOf(last.peer))!;
          const offsetDate = message && "date" in message ? message.date : 0;
          offset = { ...START, offsetDate, offsetId: last.topMessage, offsetPeer: peer(person, chat) };
          if (page._ === "messages.dialogs") break;
        }
        expect(found.toSorted()).toEqual(made.map(({ id }) => id).toSorted());
      }),
      { numRuns: 30 },
    );
  });
});

const idOf = (peer: tl.TypePeer): number =>
  peer._ === "peerChat" ? peer.chatId : peer._ === "peerChannel" ? peer.channelId : peer.userId;

describe("an access hash", () => {
  it("is an account's own: another's is refused", async () => {
    const [one, other] = [await signIn(stage), await signIn(stage)];
    const chat = world.addChat({ title: "Logistika", kind: "supergroup", members: [one.phone, other.phone] });
    const channel = (person: Person) => ({
      ...{ _: "inputChannel" as const, channelId: chat.id },
      accessHash: world.accessHash(person.account, markedId(chat)),
    });
    expect(await one.call("channels.getChannels", { id: [channel(one)] })).toMatchObject({
      chats: [{ id: chat.id, accessHash: channel(one).accessHash }],
    });
    expect(await refusalOf(one.call("channels.getChannels", { id: [channel(other)] }))).toBe(
      "400 CHANNEL_INVALID",
    );
  });

  it("is not needed for a group, but membership is", async () => {
    const [one, other] = [await signIn(stage), await signIn(stage)];
    const { id } = chatWith(one, { kind: "group" });
    expect(await one.call("messages.getChats", { id: [id] })).toMatchObject({ chats: [{ id }] });
    expect(await refusalOf(other.call("messages.getChats", { id: [id] }))).toBe("400 CHAT_ID_INVALID");
  });
});

describe("a history", () => {
  const range = { offsetId: 0, offsetDate: 0, addOffset: 0, limit: 50, maxId: 0, minId: 0, hash: Long.ZERO };

  it("is newest first, and finds one's own posts by their author", async () => {
    const [one, other] = [await signIn(stage), await signIn(stage)];
    const chat = world.addChat({ title: "Logistika", kind: "supergroup", members: [one.phone, other.phone] });
    const post = ({ call }: Person, message: string, randomId: number) =>
      call("messages.sendMessage", {
        ...{
          peer: peer(call === one.call ? one : other, chat),
          message,
          randomId: Long.fromNumber(randomId),
        },
      });
    await post(one, "birinchi", 1);
    await post(other, "ikkinchi", 1);
    await post(one, "uchinchi", 2);
    const texts = (answer: tl.messages.TypeMessages) =>
      "messages" in answer
        ? answer.messages.map((message) => ("message" in message ? message.message : message._))
        : [];
    const all = await one.call("messages.getHistory", { ...range, peer: peer(one, chat) });
    expect(texts(all)).toEqual(["uchinchi", "ikkinchi", "birinchi", "messageService"]);
    expect(all).toMatchObject({
      _: "messages.channelMessages",
      messages: [{ out: true }, {}, { out: true }, {}],
    });
    const own = await one.call("messages.search", {
      ...{ ...range, peer: peer(one, chat), q: "", fromId: { _: "inputPeerSelf" }, minDate: 0, maxDate: 0 },
      filter: { _: "inputMessagesFilterEmpty" },
    });
    expect(texts(own)).toEqual(["uchinchi", "birinchi"]);
    const older = await one.call("messages.getHistory", {
      ...range,
      peer: peer(one, chat),
      offsetId: 3,
      limit: 1,
    });
    expect(texts(older)).toEqual(["birinchi"]);
    const newer = await one.call("messages.getHistory", { ...range, peer: peer(one, chat), minId: 2 });
    expect(texts(newer)).toEqual(["uchinchi", "ikkinchi"]);
  });

  it("is closed to who was kicked", async () => {
    const person = await signIn(stage);
    const chat = chatWith(person, { members: [], kicked: [person.phone] });
    const asked = person.call("messages.getHistory", { ...range, peer: peer(person, chat) });
    expect(await refusalOf(asked)).toBe("400 CHANNEL_PRIVATE");
  });
});
