import { createHash, randomBytes } from "node:crypto";
import { Long, type tl } from "@mtcute/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { NewChat } from "../../../dev/telegram/contract.ts";
import { type Chat, markedId } from "../../../dev/telegram/world/state.ts";
import { createWorld, refusalOf, signIn } from "./client.ts";
import { png } from "./pictures.ts";

let now = Date.now();
const stage = createWorld({ now: () => now });
const { world } = stage;

type Person = Awaited<ReturnType<typeof signIn>>;

const randomId = () => Long.fromBytesLE([...randomBytes(8)]);
const PART = 512 * 1024;

const peer = ({ account }: Person, chat: Chat): tl.TypeInputPeer =>
  chat.kind === "group"
    ? { _: "inputPeerChat", chatId: chat.id }
    : { _: "inputPeerChannel", channelId: chat.id, accessHash: world.accessHash(account, markedId(chat)) };

const post = (person: Person, chat: Chat, message = "Yuk bor", more: object = {}) =>
  person.call("messages.sendMessage", { peer: peer(person, chat), message, randomId: randomId(), ...more });

const postMedia = (person: Person, chat: Chat, media: tl.TypeInputMedia, message = "Yuk bor") =>
  person.call("messages.sendMedia", { peer: peer(person, chat), media, message, randomId: randomId() });

async function memberOf(chat: Partial<NewChat> = {}): Promise<[Person, Chat]> {
  const person = await signIn(stage);
  return [
    person,
    world.addChat({ title: "Logistika", kind: "supergroup", members: [person.phone], ...chat }),
  ];
}

/** Uploads by parts, the last one first, as small or big as the file is. */
async function upload(
  { call }: Person,
  bytes: Uint8Array,
  partSize = PART,
  name = "a.png",
): Promise<tl.TypeInputFile> {
  const [id, parts] = [randomId(), Math.ceil(bytes.length / partSize)];
  const isBig = bytes.length > 10 * 1024 * 1024;
  for (let filePart = parts - 1; filePart >= 0; filePart--) {
    const part = bytes.subarray(filePart * partSize, (filePart + 1) * partSize);
    await (isBig
      ? call("upload.saveBigFilePart", { fileId: id, filePart, fileTotalParts: parts, bytes: part })
      : call("upload.saveFilePart", { fileId: id, filePart, bytes: part }));
  }
  return isBig
    ? { _: "inputFileBig", id, parts, name }
    : { _: "inputFile", id, parts, name, md5Checksum: "" };
}

const photo = (file: tl.TypeInputFile): tl.TypeInputMedia => ({ _: "inputMediaUploadedPhoto", file });
const video = (file: tl.TypeInputFile): tl.TypeInputMedia => ({
  ...{ _: "inputMediaUploadedDocument", file, mimeType: "video/mp4" },
  attributes: [{ _: "documentAttributeVideo", duration: 5, w: 320, h: 240 }],
});

/** Uploads a medium for use in many chats. */
async function uploaded(person: Person, chat: Chat, media: tl.TypeInputMedia): Promise<tl.TypeInputMedia> {
  const answer = await person.call("messages.uploadMedia", { peer: peer(person, chat), media });
  if (answer._ === "messageMediaPhoto" && answer.photo?._ === "photo") {
    return { _: "inputMediaPhoto", id: { ...answer.photo, _: "inputPhoto" } };
  }
  if (answer._ === "messageMediaDocument" && answer.document?._ === "document") {
    return { _: "inputMediaDocument", id: { ...answer.document, _: "inputDocument" } };
  }
  throw new Error(answer._);
}

describe("a post is refused", () => {
  it.each([
    [{ members: [] as string[] }, "400 CHANNEL_PRIVATE"],
    [{ isReadOnly: true }, "403 CHAT_WRITE_FORBIDDEN"],
    [{ isClosed: true, isForum: true }, "400 TOPIC_CLOSED"],
    [{ kind: "channel" as const }, "400 CHAT_ADMIN_REQUIRED"],
    [{ isGigagroup: true }, "400 CHAT_ADMIN_REQUIRED"],
    [{ price: 7 }, "403 ALLOW_PAYMENT_REQUIRED_7"],
    [{ kind: "group" as const, isDeactivated: true }, "400 CHAT_ID_INVALID"],
    [{ kind: "group" as const, members: [] }, "400 PEER_ID_INVALID"],
  ])("by a chat that has %j", async (chat, refusal) => {
    const [person, made] = await memberOf(chat);
    expect(await refusalOf(post(person, made))).toBe(refusal);
    expect(made.messages).toEqual([]);
  });

  it.each([
    ["supergroup", "left", "400 CHANNEL_PRIVATE"],
    ["supergroup", "kicked", "400 CHANNEL_PRIVATE"],
    ["supergroup", "banned", "400 USER_BANNED_IN_CHANNEL"],
    ["group", "left", "403 CHAT_FORBIDDEN"],
    ["group", "kicked", "403 CHAT_FORBIDDEN"],
  ] as const)("in a %s whose author was %s", async (kind, membership, refusal) => {
    const [person, chat] = await memberOf({ kind });
    chat.members[person.phone] = membership;
    expect(await refusalOf(post(person, chat))).toBe(refusal);
  });

  it("in a group that became a supergroup, which takes it", async () => {
    const [person, group] = await memberOf({ kind: "group" });
    const successor = world.migrate(group);
    expect(await refusalOf(post(person, group))).toBe("400 CHAT_ID_INVALID");
    expect(await post(person, successor)).toMatchObject({ _: "updates" });
  });

  it("with the access hash of another account", async () => {
    const [[, chat], other] = [await memberOf(), await signIn(stage)];
    chat.members[other.phone] = "member";
    const foreign = { _: "inputPeerChannel", channelId: chat.id, accessHash: Long.fromNumber(77) };
    expect(await refusalOf(post(other, chat, "Yuk", { peer: foreign }))).toBe("400 CHANNEL_INVALID");
  });

  it("to a person, and counted", async () => {
    const [person, chat] = await memberOf();
    const people = [{ _: "inputPeerSelf" }, { _: "inputPeerUser", userId: 5, accessHash: Long.ZERO }];
    for (const to of people) {
      expect(await refusalOf(post(person, chat, "Salom", { peer: to }))).toBe("400 PEER_ID_INVALID");
    }
    expect(person.account.messagesToPeople).toBe(2);
  });

  it("when it is empty or too long", async () => {
    const [person, chat] = await memberOf();
    expect(await refusalOf(post(person, chat, " \n"))).toBe("400 MESSAGE_EMPTY");
    expect(await refusalOf(post(person, chat, "a".repeat(4097)))).toBe("400 MESSAGE_TOO_LONG");
    const medium = photo(await upload(person, png(10, 10)));
    expect(await refusalOf(postMedia(person, chat, medium, "a".repeat(1025)))).toBe(
      "400 MEDIA_CAPTION_TOO_LONG",
    );
    await post(person, chat, "a".repeat(4096));
    await postMedia(person, chat, medium, "a".repeat(1024));
    expect(chat.messages).toHaveLength(2);
  });

  it("by a slow mode, with the true seconds that are left", async () => {
    const [person, chat] = await memberOf({ slowMode: 30 });
    await post(person, chat);
    now += 10_500;
    expect(await refusalOf(post(person, chat))).toBe("420 SLOWMODE_WAIT_20");
    const other = await signIn(stage);
    chat.members[other.phone] = "member";
    await post(other, chat);
    now += 19_500;
    await post(person, chat);
    expect(chat.messages).toHaveLength(3);
  });
});

describe("a post", () => {
  it("is answered as Telegram does: short in a group, long in a supergroup", async () => {
    const [one, group] = await memberOf({ kind: "group" });
    const id = randomId();
    expect(await post(one, group)).toMatchObject({ _: "updateShortSentMessage", out: true });
    const [other, supergroup] = await memberOf();
    expect(await post(other, supergroup, " Yuk bor \n", { randomId: id })).toMatchObject({
      _: "updates",
      updates: [
        { _: "updateMessageID", id: 2, randomId: id },
        { _: "updateNewChannelMessage", message: { id: 2, message: "Yuk bor", out: true } },
      ],
    });
  });

  it("is stored once for each random id of an account, in any order and in any chat", async () => {
    const [one, chat] = await memberOf();
    const other = await signIn(stage);
    chat.members[other.phone] = "member";
    const second = world.addChat({ title: "Yuk", kind: "group", members: [one.phone, other.phone] });
    const calls = fc.array(
      fc.record({ id: fc.integer({ min: 1, max: 9 }), who: fc.boolean(), where: fc.boolean() }),
    );
    const taken = new Set<string>();
    await fc.assert(
      fc.asyncProperty(calls, async (posts) => {
        for (const { id, who, where } of posts) {
          const key = `${who}:${id}`;
          const asked = post(who ? one : other, where ? chat : second, "Yuk", {
            randomId: Long.fromNumber(id),
          });
          if (taken.has(key)) expect(await refusalOf(asked)).toBe("500 RANDOM_ID_DUPLICATE");
          else await asked;
          taken.add(key);
        }
        const stored = [...chat.messages, ...second.messages].map(
          (message) => `${message.phone}:${message.randomId}`,
        );
        expect(new Set(stored).size).toBe(stored.length);
        expect(stored).toHaveLength(taken.size);
      }),
      { numRuns: 20 },
    );
  });
});

describe("an upload", () => {
  const save = ({ call }: Person, filePart: number, length: number, fileId = randomId()) =>
    call("upload.saveFilePart", { fileId, filePart, bytes: new Uint8Array(length) });

  it("refuses parts that Telegram refuses", async () => {
    const person = await signIn(stage);
    expect(await refusalOf(save(person, 0, 0))).toBe("400 FILE_PART_EMPTY");
    expect(await refusalOf(save(person, 0, PART + 1))).toBe("400 FILE_PART_TOO_BIG");
    expect(await refusalOf(save(person, -1, 10))).toBe("400 FILE_PART_INVALID");
    const big = { fileId: randomId(), filePart: 0, fileTotalParts: 3 };
    const odd = person.call("upload.saveBigFilePart", { ...big, bytes: new Uint8Array(1000) });
    expect(await refusalOf(odd)).toBe("400 FILE_PART_SIZE_INVALID");
    const beyond = person.call("upload.saveBigFilePart", {
      ...big,
      filePart: 3,
      bytes: new Uint8Array(1024),
    });
    expect(await refusalOf(beyond)).toBe("400 FILE_PART_INVALID");
  });

  it("is refused whose parts are missing, uneven or of another file", async () => {
    const [person, chat] = await memberOf();
    const id = randomId();
    const use = (parts: number, md5Checksum = "") =>
      refusalOf(postMedia(person, chat, photo({ _: "inputFile", id, parts, name: "a.png", md5Checksum })));
    expect(await use(1)).toBe("400 FILE_PARTS_INVALID");
    await save(person, 0, 1024, id);
    await save(person, 2, 1024, id);
    expect(await use(3)).toBe("400 FILE_PART_1_MISSING");
    expect(await use(1)).toBe("400 FILE_PARTS_INVALID");
    await save(person, 1, 1000, id);
    expect(await use(3)).toBe("400 FILE_PART_SIZE_INVALID");
    await save(person, 1, 1024, id);
    expect(await use(3, "0".repeat(32))).toBe("400 MD5_CHECKSUM_INVALID");
    expect(await use(3)).toBe("400 IMAGE_PROCESS_FAILED");
    expect(chat.messages).toEqual([]);
  });

  it("is its account's own", async () => {
    const [[one], [other, chat]] = [await memberOf(), await memberOf()];
    const file = await upload(one, png(10, 10));
    expect(await refusalOf(postMedia(other, chat, photo(file)))).toBe("400 FILE_PARTS_INVALID");
  });

  it.each([
    [9000, 1001],
    [2100, 100],
    [0, 100],
  ])("of a picture of %i × %i is refused", async (width, height) => {
    const [person, chat] = await memberOf();
    const file = await upload(person, png(width, height));
    expect(await refusalOf(postMedia(person, chat, photo(file)))).toBe("400 PHOTO_INVALID_DIMENSIONS");
  });

  it("is posted as it was sent, whatever the order of its parts", async () => {
    const [person, chat] = await memberOf();
    const bytes = randomBytes(12 * 1024 * 1024 + 5);
    await postMedia(person, chat, video(await upload(person, bytes)), "");
    expect(chat.messages.map((message) => world.told(message))).toMatchObject([
      {
        text: "",
        media: {
          ...{ kind: "video", size: bytes.length, width: 320, height: 240, duration: 5 },
          sha256: createHash("sha256").update(bytes).digest("hex"),
        },
      },
    ]);
    expect(person.account.uploads).toBe(1);
  });
});

it("a picture without a name of one is refused", async () => {
  const [person, chat] = await memberOf();
  for (const name of ["file", "video.mp4"]) {
    const nameless = photo(await upload(person, png(10, 10), PART, name));
    expect(await refusalOf(postMedia(person, chat, nameless))).toBe("400 PHOTO_EXT_INVALID");
  }
});

describe("a medium that was uploaded", () => {
  it.each([
    ["photo", (person: Person) => upload(person, png(100, 50, 3000), 1024).then(photo)],
    ["video", (person: Person) => upload(person, new Uint8Array(3000), 1024).then(video)],
  ])("is a %s for all groups", async (kind, make) => {
    const [person, chat] = await memberOf();
    const other = world.addChat({ title: "Yuk", kind: "group", members: [person.phone] });
    const medium = await uploaded(person, chat, await make(person));
    await postMedia(person, chat, medium);
    expect(await postMedia(person, other, medium)).toMatchObject({
      updates: [{}, { _: "updateNewMessage" }],
    });
    const [one, two] = [chat, other].map(({ messages }) => world.told(messages[0]!));
    expect(one).toMatchObject({ text: "Yuk bor", media: { kind, size: 3000 } });
    expect(two?.media).toEqual(one?.media);
    expect(person.account.uploads).toBe(1);
  });

  it("is refused by another's access hash, and once its file reference has expired", async () => {
    const [[one, chat], stranger] = [await memberOf(), await signIn(stage)];
    chat.members[stranger.phone] = "member";
    const medium = await uploaded(one, chat, photo(await upload(one, png(10, 10))));
    expect(await refusalOf(postMedia(stranger, chat, medium))).toBe("400 MEDIA_EMPTY");
    one.account.fileAge++;
    expect(await refusalOf(postMedia(one, chat, medium))).toBe("400 FILE_REFERENCE_EXPIRED");
    const renewed = await uploaded(one, chat, photo(await upload(one, png(10, 10))));
    await postMedia(one, chat, renewed);
    expect(chat.messages).toHaveLength(1);
  });
});
