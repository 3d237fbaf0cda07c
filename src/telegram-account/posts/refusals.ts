import type { SendCode } from "../contract.ts";
import { NoAnswer, Refused, TelegramError } from "../errors.ts";

/** What Telegram's errors mean. All others of a request are `forbidden`: the group wants no such post. */
const CODES: Record<string, SendCode> = {
  PEER_FLOOD: "peer_flood",
  SLOWMODE_WAIT: "slow_mode",
  USER_BANNED_IN_CHANNEL: "banned",
  ALLOW_PAYMENT_REQUIRED: "paid",

  CHANNEL_INVALID: "gone",
  CHANNEL_PRIVATE: "gone",
  CHANNEL_PUBLIC_GROUP_NA: "gone",
  CHAT_FORBIDDEN: "gone",
  CHAT_ID_INVALID: "gone",
  PEER_ID_INVALID: "gone",
  USER_NOT_PARTICIPANT: "gone",

  DOCUMENT_INVALID: "content",
  FILE_PARTS_INVALID: "content",
  FILE_PART_EMPTY: "content",
  FILE_PART_INVALID: "content",
  FILE_PART_LENGTH_INVALID: "content",
  FILE_PART_SIZE_CHANGED: "content",
  FILE_PART_SIZE_INVALID: "content",
  FILE_PART_TOO_BIG: "content",
  IMAGE_PROCESS_FAILED: "content",
  MD5_CHECKSUM_INVALID: "content",
  MEDIA_CAPTION_TOO_LONG: "content",
  MEDIA_EMPTY: "content",
  MEDIA_INVALID: "content",
  MESSAGE_EMPTY: "content",
  MESSAGE_TOO_LONG: "content",
  PHOTO_EXT_INVALID: "content",
  PHOTO_INVALID: "content",
  PHOTO_INVALID_DIMENSIONS: "content",
  VIDEO_CONTENT_TYPE_INVALID: "content",
  VIDEO_FILE_INVALID: "content",

  PHOTO_SAVE_FILE_INVALID: "unavailable",
};

/** Telegram has lost a file that it had taken: another upload may do. */
const LOST_FILE = /^FILE_(REFERENCE|PART_\d+_MISSING)/;

/** In seconds: of a wait whose length Telegram does not tell. */
const WAIT = 60;

/**
 * Says why there is no post.
 * @param error of a call
 * @param isPosting true for the call that posts. Without an answer to another one, surely nothing was posted
 * @returns what is to be thrown: errors that are not about Telegram as they are
 */
export function toRefused(error: unknown, isPosting: boolean): unknown {
  if (error instanceof NoAnswer) {
    const isUnknown = isPosting && error.mayHaveArrived;
    return new Refused(isUnknown ? "unknown" : "unavailable", isUnknown ? "no_answer" : "unreachable");
  }
  if (!(error instanceof TelegramError)) return error;
  const code = codeOf(error, isPosting);
  const isWait = code === "flood_wait" || code === "slow_mode";
  return new Refused(code, error.reason, isWait ? (error.number ?? WAIT) : undefined);
}

function codeOf({ code, text }: TelegramError, isPosting: boolean): SendCode {
  const known = CODES[text];
  if (known) return known;
  if (code === 420) return "flood_wait";
  if (LOST_FILE.test(text)) return "unavailable";
  // Telegram failed. It may have posted before.
  if (code < 0 || code >= 500) return isPosting ? "unknown" : "unavailable";
  return "forbidden";
}
