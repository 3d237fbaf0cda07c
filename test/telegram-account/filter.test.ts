import { Long, type tl } from "@mtcute/core";
import { describe, expect, it } from "vitest";
import { groupOf, migrationOf } from "../../src/telegram-account/groups/filter.ts";

const rights = (banned: Partial<tl.RawChatBannedRights>): tl.RawChatBannedRights => ({
  _: "chatBannedRights",
  untilDate: 0,
  ...banned,
});
const READ_ONLY = rights({ sendMessages: true });
const ADMIN: tl.RawChatAdminRights = { _: "chatAdminRights", other: true };

const basic = (changes: Partial<tl.RawChat> = {}): tl.RawChat => ({
  _: "chat",
  id: 7,
  title: "Yuk",
  photo: { _: "chatPhotoEmpty" },
  participantsCount: 3,
  date: 0,
  version: 1,
  ...changes,
});

const supergroup = (changes: Partial<tl.RawChannel> = {}): tl.RawChannel => ({
  _: "channel",
  megagroup: true,
  id: 7,
  accessHash: Long.fromString("-5"),
  title: "Yuk",
  photo: { _: "chatPhotoEmpty" },
  date: 0,
  ...changes,
});

const successor: tl.RawInputChannel = { _: "inputChannel", channelId: 9, accessHash: Long.ONE };

describe("no group is found in", () => {
  it.each<[string, tl.TypeChat]>([
    ["a basic group that was left", basic({ left: true })],
    ["one that is deactivated", basic({ deactivated: true })],
    ["one that has become a supergroup", basic({ migratedTo: successor })],
    ["one that has become a supergroup, for its creator", basic({ migratedTo: successor, creator: true })],
    ["one whose members may not write", basic({ defaultBannedRights: READ_ONLY })],
    ["one that forbids itself", { _: "chatForbidden", id: 7, title: "Yuk" }],
    ["an empty chat", { _: "chatEmpty", id: 7 }],
    ["a broadcast channel", supergroup({ megagroup: false, broadcast: true })],
    ["a broadcast channel of our own", supergroup({ megagroup: false, broadcast: true, creator: true })],
    ["a gigagroup", supergroup({ gigagroup: true })],
    ["the direct messages of a channel", supergroup({ monoforum: true })],
    ["a supergroup that was left", supergroup({ left: true })],
    ["a supergroup that was left by its creator", supergroup({ left: true, creator: true })],
    ["one whose members may not write", supergroup({ defaultBannedRights: READ_ONLY })],
    ["one where the account may not write", supergroup({ bannedRights: READ_ONLY })],
    ["one that the account may not see", supergroup({ bannedRights: rights({ viewMessages: true }) })],
    ["one whose posts cost stars", supergroup({ sendPaidMessagesStars: Long.fromInt(5) })],
    ["one that is known in part", supergroup({ min: true })],
    ["one that forbids itself", { _: "channelForbidden", id: 7, accessHash: Long.ONE, title: "Yuk" }],
  ])("%s", (_, chat) => {
    expect(groupOf(chat)).toBeNull();
  });
});

describe("a group is found in", () => {
  it.each<[string, tl.TypeChat]>([
    ["a basic group", basic()],
    ["a basic group that takes no media", basic({ defaultBannedRights: rights({ sendMedia: true }) })],
    ["a read-only basic group of our own", basic({ defaultBannedRights: READ_ONLY, creator: true })],
    ["a supergroup", supergroup()],
    ["a supergroup with forum topics", supergroup({ forum: true })],
    ["a slow supergroup", supergroup({ slowmodeEnabled: true })],
    ["a supergroup whose posts cost nothing", supergroup({ sendPaidMessagesStars: Long.ZERO })],
    ["a read-only one for an admin", supergroup({ defaultBannedRights: READ_ONLY, adminRights: ADMIN })],
  ])("%s", (_, chat) => {
    expect(groupOf(chat)).toMatchObject({ title: "Yuk", username: null });
  });

  it("a supergroup, named as in the Bot API, with its access hash in signed decimal", () => {
    expect(groupOf(supergroup())).toMatchObject({ peer: -1_000_000_000_007, accessHash: "-5" });
    expect(groupOf(basic())).toMatchObject({ peer: -7, accessHash: null });
  });

  it.each<[string, Partial<tl.RawChannel>, string | null]>([
    ["its only user name", { username: "yuk_uz" }, "yuk_uz"],
    [
      "the first active one of several",
      {
        usernames: [
          { _: "username", username: "sold" },
          { _: "username", active: true, username: "yuk_1" },
          { _: "username", active: true, username: "yuk_2" },
        ],
      },
      "yuk_1",
    ],
    ["none of inactive ones", { usernames: [{ _: "username", username: "sold" }] }, null],
  ])("a supergroup with %s", (_, changes, username) => {
    expect(groupOf(supergroup(changes))).toMatchObject({ username });
  });
});

it("a basic group tells which supergroup it has become", () => {
  expect(migrationOf(basic({ migratedTo: successor, deactivated: true }))).toEqual({
    from: -7,
    to: -1_000_000_000_009,
  });
  expect(migrationOf(basic())).toBeNull();
  expect(migrationOf(supergroup())).toBeNull();
});
