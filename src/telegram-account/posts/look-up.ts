import { Long, type tl } from "@mtcute/core";
import type { AccountContext } from "../context.ts";
import type { Media, Post } from "../contract.ts";

/** How many of a group's last messages are looked through. */
const MESSAGES = 50;
/** In seconds: how far the clocks of Telegram and Cloudflare may differ. */
const CLOCK_SKEW = 30;

/**
 * Finds a post that may have been made.
 * @param since when it was tried, in milliseconds since the epoch
 * @returns its id; null if it is not among the group's last messages
 * @throws TelegramError, NoAnswer
 */
export async function findPost(
  { call }: Pick<AccountContext, "call">,
  peer: tl.TypeInputPeer,
  post: Pick<Post, "text" | "media">,
  since: number,
): Promise<number | null> {
  const history = await call({
    _: "messages.getHistory",
    peer,
    offsetId: 0,
    offsetDate: 0,
    addOffset: 0,
    limit: MESSAGES,
    maxId: 0,
    minId: 0,
    hash: Long.ZERO,
  });
  if (history._ === "messages.messagesNotModified") return null;
  const earliest = since / 1000 - CLOCK_SKEW;
  const found = history.messages.find((message) => isPost(message, post) && message.date >= earliest);
  return found?.id ?? null;
}

function isPost(
  message: tl.TypeMessage,
  { text, media }: Pick<Post, "text" | "media">,
): message is tl.RawMessage {
  if (message._ !== "message" || !message.out) return false;
  return essenceOf(message.message) === essenceOf(text) && kindOf(message.media) === (media?.kind ?? null);
}

/** Telegram changes white space and control characters. */
const essenceOf = (text: string): string => text.replace(/[\s\p{C}]+/gu, "");

/** A preview of a link is no medium of the post. */
function kindOf(media: tl.TypeMessageMedia | undefined): Media["kind"] | null {
  if (media?._ === "messageMediaPhoto") return "image";
  return media?._ === "messageMediaDocument" ? "video" : null;
}
