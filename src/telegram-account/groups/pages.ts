import { Long, type tl } from "@mtcute/core";
import { getMarkedPeerId } from "@mtcute/core/utils.js";
import type { AccountContext } from "../context.ts";
import { Refused, TelegramError } from "../errors.ts";

/** The main list, and the archive. */
const FOLDERS = [0, 1];
const PAGE = 100;
/** How many dialogs are read at most. */
const MOST_DIALOGS = 5_000;
/** In milliseconds: how long Telegram's waits between two pages are waited for, in all. */
const PATIENCE = 30_000;

export type Page = Pick<tl.messages.RawDialogs, "dialogs" | "messages" | "chats" | "users">;
type Offset = Pick<tl.messages.RawGetDialogsRequest, "offsetDate" | "offsetId" | "offsetPeer">;

const START: Offset = { offsetDate: 0, offsetId: 0, offsetPeer: { _: "inputPeerEmpty" } };

/**
 * Reads all dialogs of an account, archived ones too.
 * @throws Refused `flood_wait` for a wait that is too long; TelegramError, NoAnswer
 */
export async function* pagesOf(account: AccountContext): AsyncGenerator<Page> {
  const patience = { ms: PATIENCE };
  const seen = new Set<number>();
  for (const folderId of FOLDERS) {
    let offset: Offset | null = START;
    while (offset && seen.size < MOST_DIALOGS) {
      const page: tl.messages.TypeDialogs = await pageAt(account, folderId, offset, patience);
      if (page._ === "messages.dialogsNotModified") break;
      const before = seen.size;
      for (const { peer } of page.dialogs) seen.add(getMarkedPeerId(peer));
      yield page;
      const isLast = page._ === "messages.dialogs" || seen.size === before;
      offset = isLast ? null : offsetAfter(page);
    }
  }
}

/** Asks for a page, again after each wait. @throws Refused `flood_wait` once patience is over */
async function pageAt(account: AccountContext, folderId: number, offset: Offset, patience: { ms: number }) {
  for (;;) {
    try {
      return await account.call({
        _: "messages.getDialogs",
        folderId,
        // Pinned dialogs come with the first page, whatever their date.
        excludePinned: offset !== START,
        ...offset,
        limit: PAGE,
        hash: Long.ZERO,
      });
    } catch (error) {
      if (!(error instanceof TelegramError) || error.code !== 420) throw error;
      const seconds = Math.max(1, error.number ?? 60);
      patience.ms -= seconds * 1000;
      if (patience.ms < 0) throw new Refused("flood_wait", error.reason, seconds);
      await scheduler.wait(seconds * 1000);
    }
  }
}

/** Where the next page begins: after the last dialog whose last message is known; null if there is none. */
function offsetAfter({ dialogs, messages, chats, users }: Page): Offset | null {
  for (const { _, peer, topMessage } of dialogs.toReversed()) {
    const last = messages.find(
      (message) =>
        message.id === topMessage &&
        message._ !== "messageEmpty" &&
        getMarkedPeerId(message.peerId) === getMarkedPeerId(peer),
    );
    if (_ === "dialog" && last && last._ !== "messageEmpty")
      return { offsetDate: last.date, offsetId: last.id, offsetPeer: inputOf(peer, chats, users) };
  }
  return null;
}

function inputOf(peer: tl.TypePeer, chats: tl.TypeChat[], users: tl.TypeUser[]): tl.TypeInputPeer {
  if (peer._ === "peerChat") return { _: "inputPeerChat", chatId: peer.chatId };
  if (peer._ === "peerChannel") {
    const chat = chats.find(({ id }) => id === peer.channelId);
    const accessHash = chat && "accessHash" in chat ? chat.accessHash : undefined;
    return { _: "inputPeerChannel", channelId: peer.channelId, accessHash: accessHash ?? Long.ZERO };
  }
  const user = users.find(({ id }) => id === peer.userId);
  const accessHash = user?._ === "user" ? user.accessHash : undefined;
  return { _: "inputPeerUser", userId: peer.userId, accessHash: accessHash ?? Long.ZERO };
}
