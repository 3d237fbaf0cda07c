import { describe, expect, it } from "vitest";
import { signedIn } from "./support/account.ts";
import { changeChat, groupsOf, migrate, newChat } from "./support/groups.ts";
import { standIn } from "./support/stand-in.ts";

const DIALOGS = "messages.getDialogs";

describe("no groups are told", () => {
  it("if Telegram wants a longer wait than half a minute, with its seconds", async () => {
    const person = await signedIn();
    await standIn.plan({ phone: person.phone, method: DIALOGS, error: [420, "FLOOD_WAIT_31"] });
    expect(await person.account.groups(person.caller)).toEqual({
      ok: false,
      code: "flood_wait",
      reason: "flood_wait",
      seconds: 31,
    });
  });

  it("if several waits are longer together", async () => {
    const person = await signedIn();
    const fault = { phone: person.phone, method: DIALOGS };
    await standIn.plan(
      { ...fault, error: [420, "FLOOD_WAIT_1"] },
      { ...fault, error: [420, "FLOOD_WAIT_30"] },
    );
    const outcome = await person.account.groups(person.caller);
    expect(outcome).toMatchObject({ ok: false, code: "flood_wait", seconds: 30 });
  });

  it("if Telegram breaks down", async () => {
    const person = await signedIn();
    await standIn.plan({ phone: person.phone, method: DIALOGS, times: 0, error: [500, "INTERNAL"] });
    expect(await person.account.groups(person.caller)).toMatchObject({
      ok: false,
      code: "unavailable",
      reason: "internal",
    });
  });

  it("to a user whose account it is not", async () => {
    const { account, caller } = await signedIn();
    const outcome = await account.groups({ ...caller, user: caller.user + 1 });
    expect(outcome).toMatchObject({ ok: false, code: "not_found" });
  });
});

describe("the groups of an account", () => {
  it("are those in which it may write, and nothing else", async () => {
    const person = await signedIn();
    const [one, other] = [person, await signedIn()];
    const { phone } = person;
    const kept = [
      await newChat([one], { title: "Basic", kind: "group" }),
      await newChat([one], { title: "Public", username: `yuk_${phone}` }),
      await newChat([one], { title: "Private" }),
      await newChat([one], { title: "Forum", isForum: true }),
      await newChat([one], { title: "Slow", slowMode: 60 }),
      await newChat([one], { title: "Archived", isArchived: true }),
      await newChat([one], { title: "Closed topic", isForum: true, isClosed: true }),
    ];
    await newChat([one], { kind: "channel" });
    await newChat([one], { kind: "user" });
    await newChat([one], { isGigagroup: true });
    await newChat([one], { isReadOnly: true });
    await newChat([one], { kind: "group", isReadOnly: true });
    await newChat([one], { left: [phone] });
    await newChat([one], { kicked: [phone] });
    await newChat([one], { kind: "group", left: [phone] });
    await newChat([one], { kind: "group", kicked: [phone] });
    await newChat([one], { kind: "group", isDeactivated: true });
    await newChat([one], { price: 5 });
    await newChat([other], { title: "Of somebody else" });
    await changeChat(await newChat([one]), { ban: [phone] });

    const groups = await groupsOf(person);
    expect(new Set(groups.map(({ peer }) => peer))).toEqual(new Set(kept));
    const named = new Map(groups.map((group) => [group.title, group]));
    expect(named.get("Public")).toMatchObject({ username: `yuk_${phone}`, accessHash: expect.any(String) });
    expect(named.get("Private")).toMatchObject({ username: null, accessHash: expect.any(String) });
    expect(named.get("Basic")).toMatchObject({ username: null, accessHash: null, formerPeer: null });
    expect((await standIn.phone(phone)).mostConnections).toBe(1);
  });

  it("have what they were before they became supergroups", async () => {
    const person = await signedIn();
    const before = await newChat([person], { kind: "group", title: "Grown" });
    expect(await groupsOf(person)).toMatchObject([{ peer: before, formerPeer: null }]);
    const after = await migrate(before);
    expect(await groupsOf(person)).toMatchObject([{ peer: after, title: "Grown", formerPeer: before }]);
  });

  it("are found on all pages, each once, and a short wait between them is waited for", async () => {
    const person = await signedIn();
    const { phone } = person;
    const KINDS = ["supergroup", "group", "user", "channel"] as const;
    const all = Array.from({ length: 250 }, (_, i) => ({
      title: `Yuk ${i}`,
      kind: KINDS[Math.floor(i / 2) % 4] ?? "user",
      members: [phone],
      isPinned: i < 3,
    }));
    const { chats } = await standIn.addChats(...all);
    await standIn.plan({ phone, method: DIALOGS, skip: 1, error: [420, "FLOOD_WAIT_1"] });

    const groups = (await groupsOf(person)).map(({ peer }) => peer);
    const expected = chats.filter((_, i) => all[i]?.kind === "supergroup" || all[i]?.kind === "group");
    expect(groups).toHaveLength(expected.length);
    expect(new Set(groups)).toEqual(new Set(expected.map(({ id }) => id)));
    // Three pages with dialogs, one without, one of the archive, and one again after the wait.
    expect((await standIn.phone(phone)).calls[DIALOGS]).toBe(6);
  });
});
