import { describe, expect, it } from "vitest";
import type { SendCode } from "../../src/telegram-account/contract.ts";
import { NoAnswer, Refused, TelegramError } from "../../src/telegram-account/errors.ts";
import { peerOf } from "../../src/telegram-account/posts/peer.ts";
import { toRefused } from "../../src/telegram-account/posts/refusals.ts";

const codeOf = (code: number, text: string, seconds?: number, isPosting = true) =>
  toRefused(new TelegramError(code, text, seconds), isPosting);

describe("what Telegram's errors mean for a post", () => {
  it.each<[SendCode, number, string, number?]>([
    ["flood_wait", 420, "FLOOD_WAIT", 30],
    ["flood_wait", 420, "FLOOD_PREMIUM_WAIT", 3],
    ["slow_mode", 420, "SLOWMODE_WAIT", 9],
    ["peer_flood", 400, "PEER_FLOOD"],
    ["forbidden", 403, "CHAT_WRITE_FORBIDDEN"],
    ["forbidden", 400, "CHAT_RESTRICTED"],
    ["forbidden", 403, "CHAT_GUEST_SEND_FORBIDDEN"],
    ["forbidden", 400, "CHAT_ADMIN_REQUIRED"],
    ["forbidden", 403, "CHAT_SEND_PHOTOS_FORBIDDEN"],
    ["forbidden", 403, "CHAT_SEND_PLAIN_FORBIDDEN"],
    ["forbidden", 400, "TOPIC_CLOSED"],
    ["forbidden", 400, "TOPIC_DELETED"],
    ["forbidden", 400, "SOMETHING_NEW"],
    ["forbidden", 406, "SOMETHING_NEW"],
    ["banned", 400, "USER_BANNED_IN_CHANNEL"],
    ["gone", 400, "CHANNEL_PRIVATE"],
    ["gone", 400, "CHANNEL_INVALID"],
    ["gone", 400, "PEER_ID_INVALID"],
    ["gone", 400, "CHAT_ID_INVALID"],
    ["gone", 403, "CHAT_FORBIDDEN"],
    ["content", 400, "MEDIA_CAPTION_TOO_LONG"],
    ["content", 400, "MESSAGE_TOO_LONG"],
    ["content", 400, "MESSAGE_EMPTY"],
    ["content", 400, "PHOTO_INVALID_DIMENSIONS"],
    ["content", 400, "FILE_PARTS_INVALID"],
    ["content", 400, "IMAGE_PROCESS_FAILED"],
    ["unavailable", 400, "FILE_REFERENCE_EXPIRED"],
    ["unavailable", 400, "FILE_PART_3_MISSING"],
    ["unknown", 500, "INTERNAL"],
    ["unknown", -503, "Timeout"],
  ])("%s: %i %s", (code, status, text, seconds) => {
    const reason = text.toLowerCase();
    expect(codeOf(status, text, seconds)).toMatchObject({ code, reason, seconds });
  });

  it("a post that costs stars is paid, and the stars are no seconds", () => {
    expect(codeOf(403, "ALLOW_PAYMENT_REQUIRED", 50)).toMatchObject({ code: "paid", seconds: undefined });
  });

  it("a wait without a length is a minute", () => {
    expect(codeOf(420, "FLOOD")).toMatchObject({ code: "flood_wait", seconds: 60 });
  });

  it("before the call that posts, no failure leaves it unknown", () => {
    expect(codeOf(500, "INTERNAL", undefined, false)).toMatchObject({ code: "unavailable" });
    expect(toRefused(new NoAnswer(true), false)).toMatchObject({ code: "unavailable" });
  });

  it("without an answer, a post is unknown if it may have arrived", () => {
    expect(toRefused(new NoAnswer(true), true)).toMatchObject({ code: "unknown" });
    expect(toRefused(new NoAnswer(false), true)).toMatchObject({ code: "unavailable" });
  });

  it("what was refused already, and errors of our own, stay as they are", () => {
    for (const error of [new Refused("signed_out", "session_revoked"), new TypeError("ours")])
      expect(toRefused(error, true)).toBe(error);
  });
});

describe("whom a post may go to", () => {
  it.each([0, 7, 998901234567, -1e12, -2e12, -2_000_000_000_007, -7.5, Number.NaN, Number.NEGATIVE_INFINITY])(
    "%d is no group",
    (peer) => {
      expect(() => peerOf({ peer, accessHash: "1" })).toThrowError(
        expect.objectContaining({ code: "forbidden", reason: "not_a_group" }),
      );
    },
  );

  it("a supergroup without an access hash is gone", () => {
    expect(() => peerOf({ peer: -1_000_000_000_007, accessHash: null })).toThrowError(
      expect.objectContaining({ code: "gone" }),
    );
  });

  it("groups go by their own ids", () => {
    expect(peerOf({ peer: -7, accessHash: null })).toEqual({ _: "inputPeerChat", chatId: 7 });
    const channel = peerOf({ peer: -1_000_000_000_007, accessHash: "-5" });
    expect(channel).toMatchObject({ _: "inputPeerChannel", channelId: 7 });
    expect(`${channel._ === "inputPeerChannel" && channel.accessHash}`).toBe("-5");
  });
});
