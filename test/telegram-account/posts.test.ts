import { describe, expect, it } from "vitest";
import type { SendCode } from "../../src/telegram-account/contract.ts";
import { inside, signedIn } from "./support/account.ts";
import { changeChat, groupsOf, memberOf, migrate, newPost, postsIn } from "./support/groups.ts";
import { standIn } from "./support/stand-in.ts";

const SEND = "messages.sendMessage";

describe("a post is refused", () => {
  it("to a person, and Telegram is not asked", async () => {
    const { account, caller, phone } = await memberOf({ kind: "user" });
    const { calls } = await standIn.phone(phone);
    for (const peer of [1, 777_000, 0]) {
      const outcome = await account.send(caller, newPost({ peer, accessHash: "1" }));
      expect(outcome).toMatchObject({ ok: false, code: "forbidden", reason: "not_a_group" });
    }
    expect(await standIn.phone(phone)).toMatchObject({ calls, messagesToPeople: 0 });
  });

  it("of an account of somebody else", async () => {
    const { account, caller, groups } = await memberOf({});
    const outcome = await account.send({ ...caller, user: caller.user + 1 }, newPost(groups[0]!));
    expect(outcome).toMatchObject({ ok: false, code: "not_found" });
  });

  it("with a code for each of Telegram's errors, and nothing is posted", async () => {
    const { account, caller, phone, groups } = await memberOf({});
    const group = groups[0]!;
    const table: [SendCode, number, string, number?][] = [
      ["flood_wait", 420, "FLOOD_WAIT_30", 30],
      ["flood_wait", 420, "FLOOD_PREMIUM_WAIT_7", 7],
      ["slow_mode", 420, "SLOWMODE_WAIT_9", 9],
      ["peer_flood", 400, "PEER_FLOOD"],
      ["forbidden", 403, "CHAT_WRITE_FORBIDDEN"],
      ["forbidden", 400, "CHAT_RESTRICTED"],
      ["forbidden", 403, "CHAT_GUEST_SEND_FORBIDDEN"],
      ["forbidden", 400, "CHAT_ADMIN_REQUIRED"],
      ["forbidden", 403, "CHAT_SEND_PLAIN_FORBIDDEN"],
      ["forbidden", 400, "TOPIC_CLOSED"],
      ["forbidden", 400, "TOPIC_DELETED"],
      ["forbidden", 400, "NEVER_HEARD_OF"],
      ["banned", 400, "USER_BANNED_IN_CHANNEL"],
      ["gone", 400, "CHANNEL_PRIVATE"],
      ["gone", 400, "CHANNEL_INVALID"],
      ["gone", 400, "PEER_ID_INVALID"],
      ["gone", 400, "CHAT_ID_INVALID"],
      ["gone", 403, "CHAT_FORBIDDEN"],
      ["paid", 403, "ALLOW_PAYMENT_REQUIRED_50"],
      ["content", 400, "MESSAGE_TOO_LONG"],
      ["unknown", 500, "INTERNAL"],
    ];
    for (const [code, status, text, seconds] of table) {
      await standIn.plan({ phone, method: SEND, times: 0, error: [status, text] });
      const outcome = await account.send(caller, newPost(group));
      await standIn.clear(phone);
      const reason = text.toLowerCase().replace(/_\d+$/, "");
      const expected = { ok: false, code, reason, ...(seconds === undefined ? {} : { seconds }) };
      expect(outcome, text).toEqual(expected);
    }
    expect(await postsIn(group.peer)).toEqual([]);
    expect(await account.send(caller, newPost(group))).toMatchObject({ ok: true });
  });

  it("by groups as they are: slow, closed, paid, read-only, left, migrated", async () => {
    const { account, caller, phone, groups } = await memberOf({ kind: "group" }, ...Array(6).fill({}));
    const [basic, slow, closed, paid, readOnly, left, banned] = groups;
    await changeChat(slow!.peer, { slowMode: 60 });
    await changeChat(closed!.peer, { isClosed: true });
    await changeChat(paid!.peer, { price: 50 });
    await changeChat(readOnly!.peer, { isReadOnly: true });
    await changeChat(left!.peer, { leave: [phone] });
    await changeChat(banned!.peer, { ban: [phone] });
    const supergroup = await migrate(basic!.peer);

    expect(await account.send(caller, newPost(slow!))).toMatchObject({ ok: true });
    const codeFor = async (group: typeof slow) => {
      const outcome = await account.send(caller, newPost(group!));
      return outcome.ok ? "posted" : [outcome.code, outcome.reason];
    };
    const again = await account.send(caller, newPost(slow!));
    expect(again).toMatchObject({ ok: false, code: "slow_mode" });
    expect(again.ok ? 0 : again.seconds).toBeLessThanOrEqual(60);
    expect(await codeFor(closed)).toEqual(["forbidden", "topic_closed"]);
    expect(await codeFor(paid)).toEqual(["paid", "allow_payment_required"]);
    expect(await codeFor(readOnly)).toEqual(["forbidden", "chat_write_forbidden"]);
    expect(await codeFor(left)).toEqual(["gone", "channel_private"]);
    expect(await codeFor(banned)).toEqual(["banned", "user_banned_in_channel"]);
    expect(await codeFor(basic)).toEqual(["gone", "chat_id_invalid"]);
    expect(await postsIn(supergroup)).toEqual([]);
  });
});

describe("a post", () => {
  it("arrives as it was written, in a basic group and in a supergroup, and no row is written", async () => {
    const { account, caller, phone, groups } = await memberOf({ kind: "group" }, {});
    const text = "Yuk bor: <b>Toshkent</b> *Moskva* 🚚\nhttps://example.com +998901234567";
    await account.send(caller, newPost(groups[0]!));
    const changes = () =>
      inside(account, ({ sql }) => sql.exec<{ n: number }>("SELECT total_changes() AS n").one().n);
    const before = await changes();
    for (const group of groups) {
      const post = newPost(group, { text });
      const outcome = await account.send(caller, post);
      const posted = (await postsIn(group.peer)).at(-1);
      expect(posted).toMatchObject({ text, phone, randomId: post.randomId, media: null });
      expect(outcome).toEqual({ ok: true, messageId: posted?.id });
    }
    expect(await changes()).toBe(before);
    expect(await standIn.phone(phone)).toMatchObject({ mostConnections: 1, messagesToPeople: 0 });
  });

  it("with a random id that was posted is not posted again, and has its id", async () => {
    const { account, caller, groups } = await memberOf({});
    const post = newPost(groups[0]!);
    const outcome = await account.send(caller, post);
    expect(await account.send(caller, post)).toEqual(outcome);
    expect(await postsIn(post.peer)).toHaveLength(1);
  });

  it("with a random id that was posted is posted, though its id cannot be looked up", async () => {
    const { account, caller, phone, groups } = await memberOf({});
    const post = newPost(groups[0]!);
    await account.send(caller, post);
    await standIn.plan({ phone, method: "messages.getHistory", error: [400, "PEER_ID_INVALID"] });
    expect(await account.send(caller, post)).toEqual({ ok: true, messageId: null });
    expect(await postsIn(post.peer)).toHaveLength(1);
  });

  it.each(["isLost", "isSilent", "cut"] as const)(
    "whose answer never arrives (%s) is there once",
    async (how) => {
      const { account, caller, phone, groups } = await memberOf({});
      const post = newPost(groups[0]!);
      const startedAt = Date.now();
      const fault = how === "cut" ? { cut: "within" as const } : { [how]: true };
      await standIn.plan({ phone, method: SEND, ...fault });
      const first = await account.send(caller, post);
      if (!first.ok) expect(first).toMatchObject({ code: "unknown" });
      const again = await account.send(caller, { ...post, triedAt: startedAt });
      const posted = await postsIn(post.peer);
      expect(posted).toHaveLength(1);
      expect(again).toEqual({ ok: true, messageId: posted[0]?.id });
      expect((await standIn.phone(phone)).mostConnections).toBe(1);
    },
  );
});

describe("a post that was tried before", () => {
  it("is found, and not posted again", async () => {
    const { account, caller, phone, groups } = await memberOf({ kind: "group" }, {});
    for (const group of groups) {
      const post = newPost(group, { text: " Yuk bor \n" });
      const outcome = await account.send(caller, post);
      const { calls } = await standIn.phone(phone);
      // Even if Telegram had forgotten its random id.
      const again = newPost(group, { text: post.text, triedAt: Date.now() });
      expect(await account.send(caller, again)).toEqual(outcome);
      expect((await standIn.phone(phone)).calls[SEND]).toBe(calls[SEND]);
      expect(await postsIn(group.peer)).toHaveLength(1);
    }
  });

  it("is posted with its random id if it is not found", async () => {
    const { account, caller, groups } = await memberOf({});
    const group = groups[0]!;
    await account.send(caller, newPost(group, { text: "Something else" }));
    const post = newPost(group, { triedAt: Date.now() });
    expect(await account.send(caller, post)).toMatchObject({ ok: true });
    expect((await postsIn(group.peer)).map(({ randomId }) => randomId)).toContain(post.randomId);
  });

  it("is not taken for one of an earlier run, nor for one of somebody else", async () => {
    const { account, caller, groups } = await memberOf({});
    const group = groups[0]!;
    await account.send(caller, newPost(group));
    const later = newPost(group, { triedAt: Date.now() + 60_000 });
    expect(await account.send(caller, later)).toMatchObject({ ok: true });
    expect(await postsIn(group.peer)).toHaveLength(2);

    const other = await signedIn();
    await changeChat(group.peer, { join: [other.phone] });
    const [same] = await groupsOf(other);
    const own = newPost(same!, { triedAt: Date.now() });
    expect(await other.account.send(other.caller, own)).toMatchObject({ ok: true });
    expect((await postsIn(group.peer)).at(-1)).toMatchObject({ phone: other.phone, randomId: own.randomId });
  });

  it("is unknown if Telegram cannot tell, and is not posted", async () => {
    const { account, caller, phone, groups } = await memberOf({});
    const group = groups[0]!;
    await standIn.plan({ phone, method: "messages.getHistory", times: 0, error: [500, "INTERNAL"] });
    const outcome = await account.send(caller, newPost(group, { triedAt: Date.now() }));
    expect(outcome).toEqual({ ok: false, code: "unknown", reason: "internal" });
    expect(await postsIn(group.peer)).toEqual([]);
  });
});
