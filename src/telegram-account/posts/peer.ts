import { Long, type tl } from "@mtcute/core";
import { parseMarkedPeerId } from "@mtcute/core/utils.js";
import type { Post } from "../contract.ts";
import { Refused } from "../errors.ts";

/** The ids of supergroups in the Bot API lie between: below are those of secret chats. */
const LOWEST_PEER = -1_997_852_516_352;

/**
 * Names the group of a post to Telegram.
 * @throws Refused `forbidden` for the id of a person, `gone` for a supergroup without an access hash
 */
export function peerOf({
  peer,
  accessHash,
}: Pick<Post, "peer" | "accessHash">): tl.RawInputPeerChat | tl.RawInputPeerChannel {
  if (!Number.isSafeInteger(peer) || peer >= 0 || peer < LOWEST_PEER || peer === -1e12)
    throw new Refused("forbidden", "not_a_group");
  const [kind, id] = parseMarkedPeerId(peer);
  if (kind === "chat") return { _: "inputPeerChat", chatId: id };
  if (accessHash === null) throw new Refused("gone", "no_access_hash");
  return { _: "inputPeerChannel", channelId: id, accessHash: Long.fromString(accessHash) };
}
