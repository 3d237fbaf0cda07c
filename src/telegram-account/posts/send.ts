import { Long, type tl } from "@mtcute/core";
import type { AccountContext } from "../context.ts";
import type { Post } from "../contract.ts";
import { Refused, TelegramError } from "../errors.ts";
import { fileOf, forgetFile } from "../media/file.ts";
import { findPost } from "./look-up.ts";
import { peerOf } from "./peer.ts";
import { toRefused } from "./refusals.ts";

/**
 * Posts into a group, at most once per random id.
 * @returns the id of the message; null if Telegram has it, but does not tell its id
 * @throws Refused with a SendCode
 */
export async function send(account: AccountContext, post: Post): Promise<{ messageId: number | null }> {
  const peer = peerOf(post);
  const found = await findEarlier(account, peer, post);
  return { messageId: found ?? (await postTo(account, peer, post)) };
}

/** @throws Refused `unknown` if Telegram cannot tell whether an earlier try was posted */
async function findEarlier(
  account: AccountContext,
  peer: tl.TypeInputPeer,
  post: Post,
): Promise<number | null> {
  if (post.triedAt === null) return null;
  try {
    return await findPost(account, peer, post, post.triedAt);
  } catch (error) {
    const refused = toRefused(error, false);
    if (refused instanceof Refused && refused.code === "unavailable")
      throw new Refused("unknown", refused.reason);
    throw refused;
  }
}

async function postTo(account: AccountContext, peer: tl.TypeInputPeer, post: Post): Promise<number | null> {
  const attempt = async () => postWith(account, peer, post, await mediaOf(account, post));
  try {
    return await attempt().catch((error: unknown) => {
      if (!isFileGone(error)) throw error;
      forgetFile(account);
      return attempt();
    });
  } catch (error) {
    throw toRefused(error, true);
  }
}

/** @throws Refused: nothing is posted yet */
async function mediaOf(account: AccountContext, { media }: Post): Promise<tl.TypeInputMedia | null> {
  if (!media) return null;
  try {
    return await fileOf(account, media);
  } catch (error) {
    throw toRefused(error, false);
  }
}

/** @throws TelegramError, NoAnswer, Refused */
async function postWith(
  account: AccountContext,
  peer: tl.TypeInputPeer,
  post: Post,
  media: tl.TypeInputMedia | null,
): Promise<number | null> {
  const randomId = Long.fromString(post.randomId);
  const content = { peer, message: post.text, randomId };
  const since = post.triedAt ?? Date.now();
  try {
    const updates = media
      ? await account.call({ _: "messages.sendMedia", media, ...content })
      : await account.call({ _: "messages.sendMessage", ...content });
    return messageIdIn(updates, randomId);
  } catch (error) {
    if (!(error instanceof TelegramError) || error.text !== "RANDOM_ID_DUPLICATE") throw error;
    // It is posted. Only its id may stay unknown.
    return findPost(account, peer, post, since).catch(() => null);
  }
}

/** Telegram no longer knows the file by the name that it gave it. */
const isFileGone = (error: unknown) =>
  error instanceof TelegramError && /^(FILE_REFERENCE_|MEDIA_EMPTY$)/.test(error.text);

function messageIdIn(updates: tl.TypeUpdates, randomId: Long): number | null {
  if (updates._ === "updateShortSentMessage") return updates.id;
  if (updates._ !== "updates" && updates._ !== "updatesCombined") return null;
  const sent = updates.updates.find(
    (update) => update._ === "updateMessageID" && update.randomId.equals(randomId),
  );
  return sent?._ === "updateMessageID" ? sent.id : null;
}
