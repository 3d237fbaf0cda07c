import { Long, type tl } from "@mtcute/core";
import { afterEach, expect, it, vi } from "vitest";
import type { AccountContext } from "../../src/telegram-account/context.ts";
import { TelegramError } from "../../src/telegram-account/errors.ts";
import { pagesOf } from "../../src/telegram-account/groups/pages.ts";

afterEach(() => vi.restoreAllMocks());

type Asked = tl.messages.RawGetDialogsRequest;

/** A page of dialogs with persons, the newest first. */
const pageOf = (ids: number[]): tl.messages.RawDialogsSlice => ({
  ...{ _: "messages.dialogsSlice", count: ids.length, chats: [] },
  dialogs: ids.map((userId) => ({
    ...{ _: "dialog", peer: { _: "peerUser", userId }, topMessage: userId },
    ...{ readInboxMaxId: 0, readOutboxMaxId: 0, unreadCount: 0, unreadMentionsCount: 0 },
    ...{ unreadReactionsCount: 0, unreadPollVotesCount: 0, notifySettings: { _: "peerNotifySettings" } },
  })),
  messages: ids.map((userId) => ({
    ...{ _: "message", id: userId, peerId: { _: "peerUser", userId }, date: 1e9 - userId, message: "" },
  })),
  users: ids.map((id) => ({ _: "user", id, accessHash: Long.fromNumber(id * 3) })),
});

/** Reads all pages of a Telegram that answers so. @returns what it was asked */
async function read(answer: (asked: Asked, count: number) => tl.messages.TypeDialogs) {
  const asked: Asked[] = [];
  const call = async (method: Asked) => {
    asked.push(method);
    return answer(method, asked.length);
  };
  let dialogs = 0;
  for await (const page of pagesOf({ call } as unknown as AccountContext)) dialogs += page.dialogs.length;
  return { asked, dialogs };
}

const range = (from: number, length: number) => Array.from({ length }, (_, i) => from + i);

it("a list without an end is read up to 5,000 dialogs", async () => {
  const { asked, dialogs } = await read((_, count) => pageOf(range(count * 100, 100)));
  expect(asked).toHaveLength(50);
  expect(dialogs).toBe(5_000);
});

it("a page that comes again is the last of its folder", async () => {
  const { asked } = await read(() => pageOf(range(1, 100)));
  expect(asked.map(({ folderId }) => folderId)).toEqual([0, 0, 1]);
});

it("a page begins after the last dialog of the one before, and has no pinned dialogs again", async () => {
  const { asked } = await read((_, count) => pageOf(count === 1 ? [5, 6, 7] : []));
  expect(asked[0]).toMatchObject({ offsetDate: 0, offsetId: 0, excludePinned: false, limit: 100 });
  expect(asked[1]).toMatchObject({ offsetDate: 1e9 - 7, offsetId: 7, excludePinned: true });
  expect(asked[1]?.offsetPeer).toEqual({ _: "inputPeerUser", userId: 7, accessHash: Long.fromNumber(21) });
  expect(asked[2]).toMatchObject({ folderId: 1, offsetId: 0, excludePinned: false });
});

it("a wait of no seconds is not waited for without an end", async () => {
  const wait = vi.spyOn(scheduler, "wait").mockResolvedValue();
  const outcome = read(() => {
    throw new TelegramError(420, "FLOOD_WAIT", 0);
  });
  await expect(outcome).rejects.toMatchObject({ code: "flood_wait", seconds: 1 });
  expect(wait).toHaveBeenCalledTimes(30);
});
