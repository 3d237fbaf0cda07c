import { describe, expect, it } from "vitest";
import type { MessageChange } from "../../src/mailbox/contract.ts";
import { insideOf } from "./support/quiet.ts";
import { createMailbox, type Profile } from "./support/server.ts";
import { granted, pendingOps, syncedMailbox } from "./support/synced.ts";

const mailOf = (name: string): string =>
  `From: a@b.example\r\nSubject: ${name}\r\nMessage-ID: <${name}@b.example>\r\n\r\nText of ${name}\r\n`;

async function accountWith(names: string[], profile: Profile = {}) {
  const server = await createMailbox({ profile });
  const uids = await server.deliver(names.map(mailOf));
  const account = await syncedMailbox(server);
  const messages = await account.list("INBOX");
  const ids = names.map((name) => messages.find(({ subject }) => subject === name)!.id);
  return { server, account, uids, ids, id: ids[0]!, uid: uids[0]! };
}

const flagsOn = async (server: Awaited<ReturnType<typeof createMailbox>>, path = "INBOX") =>
  (await server.folder(path)).mails.map(({ flags }) => [...flags].sort());

describe("refusals", () => {
  it("an unknown message is NOT_FOUND, and nothing is noted for the server", async () => {
    const { account } = await accountWith(["one"]);
    const { mailbox, owner } = account;
    expect(await mailbox.update(owner, "nothing", { isRead: true })).toMatchObject({ code: "NOT_FOUND" });
    expect(await pendingOps(owner)).toBe(0);
  });
});

describe("flags", () => {
  it("are changed in the answer, in lists and in counters at once, and on the server soon after", async () => {
    const { server, account, id } = await accountWith(["one", "two"]);
    const message = await account.change(id, { isRead: true, isStarred: true });
    expect(message).toMatchObject({ id, isRead: true, isStarred: true, body: "Text of one\n" });
    expect(await account.folders()).toContainEqual(
      expect.objectContaining({ name: "INBOX", messageCount: 2, unreadCount: 1 }),
    );
    // By the alarm alone.
    await expect.poll(() => flagsOn(server)).toContainEqual(["\\Flagged", "\\Seen"]);
    expect(await flagsOn(server)).toContainEqual([]);
    await expect.poll(() => pendingOps(account.owner)).toBe(0);
    await account.change(id, { isRead: false, isStarred: false });
    await expect.poll(() => flagsOn(server)).toEqual([[], []]);
  });

  it("follow a message that another client has just moved", async () => {
    const { server, account, id, uid } = await accountWith(["one"]);
    await server.createFolder("Work");
    await server.move([uid], "Work");
    await account.change(id, { isStarred: true, labels: ["urgent"] });
    // The first pass does not find it where it was, and learns where it is.
    await account.settle();
    await account.settle();
    expect(await flagsOn(server, "Work")).toEqual([["\\Flagged", "urgent"]]);
    expect(await account.list("Work")).toMatchObject([{ id, isStarred: true, labels: ["urgent"] }]);
  });

  it("are of the message, in all its folders", async () => {
    const { server, account, id, uid } = await accountWith(["one"]);
    await server.createFolder("Work");
    await server.copy([uid], "Work");
    await account.sync();
    expect(await account.change(id, { isRead: true })).toMatchObject({
      folderIds: [expect.any(String), expect.any(String)],
    });
    expect(await account.list("Work")).toMatchObject([{ id, isRead: true }]);
    await account.settle();
    expect(await flagsOn(server)).toEqual([["\\Seen"]]);
    expect(await flagsOn(server, "Work")).toEqual([["\\Seen"]]);
  });

  it("that are changed there and back before the server is told leave it as it was", async () => {
    const { server, account, id } = await accountWith(["one"]);
    await account.change(id, { isRead: true });
    await account.change(id, { isRead: false, isStarred: true });
    expect(await pendingOps(account.owner)).toBe(1);
    await account.settle();
    expect(await flagsOn(server)).toEqual([["\\Flagged"]]);
  });

  it("of another client are kept beside ours, and what was not known here comes in", async () => {
    const { server, account, id, uid } = await accountWith(["one"]);
    await account.change(id, { isRead: true });
    await server.flag([uid], { add: ["\\Seen", "\\Flagged", "\\Answered"] });
    await account.settle();
    expect(await flagsOn(server)).toEqual([["\\Answered", "\\Flagged", "\\Seen"]]);
    expect(await account.list("INBOX")).toMatchObject([{ isRead: true, isStarred: true }]);
  });

  it("are what the server says once it was told", async () => {
    const { server, account, id, uid } = await accountWith(["one"]);
    await account.change(id, { isRead: true });
    await account.settle();
    await server.flag([uid], { remove: ["\\Seen"] });
    await account.sync();
    expect(await account.read(id)).toMatchObject({ isRead: false });
  });

  it("that the server refuses are shown as changed, and tried until it takes them", async () => {
    const { server, account, id } = await accountWith(["one"]);
    await server.plan({ protocol: "imap", on: "UID STORE", times: 2, answer: "NO [INUSE] Not now" });
    await account.change(id, { isRead: true });
    for (const isTaken of [false, false, true]) {
      await account.settle();
      expect(await account.list("INBOX")).toMatchObject([{ isRead: true }]);
      expect(await flagsOn(server)).toEqual([isTaken ? ["\\Seen"] : []]);
    }
    expect(await pendingOps(account.owner)).toBe(0);
  });

  it("whose answer was lost are noted again, and end as they should", async () => {
    const { server, account, id } = await accountWith(["one"]);
    await server.plan({ protocol: "imap", on: "UID STORE", isLost: true, finally: "close" });
    await account.change(id, { isRead: true });
    await expect.poll(() => flagsOn(server)).toEqual([["\\Seen"]]);
    await expect
      .poll(async () => {
        await account.settle();
        return pendingOps(account.owner);
      })
      .toBe(0);
    expect(await account.list("INBOX")).toMatchObject([{ isRead: true }]);
  });

  it("that the server has refused for days are as the server has them", async () => {
    const { server, account, id } = await accountWith(["one"]);
    await server.plan({ protocol: "imap", on: "UID STORE", times: 0, answer: "NO Never" });
    await account.change(id, { isRead: true });
    await insideOf(account.owner, (ctx) => void ctx.sql.exec("UPDATE ops SET created_at = 0"));
    await account.settle();
    expect(await pendingOps(account.owner)).toBe(0);
    expect(await account.list("INBOX")).toMatchObject([{ isRead: false }]);
  });

  it("are changed while the server cannot be reached; the answer has no body then", async () => {
    const { server, account, id } = await accountWith(["one"]);
    await server.setAccess({ isEnabled: false });
    await server.disconnect();
    const message = await account.change(id, { isRead: true });
    expect(message).toMatchObject({ isRead: true, body: "", isTruncated: true });
    await server.setAccess({ isEnabled: true });
    await account.settle();
    expect(await flagsOn(server)).toEqual([["\\Seen"]]);
  });

  it("of a folder that was renumbered are changed after it was read again", async () => {
    const { server, account, id } = await accountWith(["one", "two"]);
    await account.change(id, { isStarred: true });
    await server.renumber();
    await account.settle();
    await account.settle();
    const { mails } = await server.folder();
    const starred = mails.filter(({ flags }) => flags.includes("\\Flagged"));
    const texts = await Promise.all(
      starred.map(async ({ uid }) => new TextDecoder().decode(await server.raw(uid))),
    );
    expect(texts).toEqual([mailOf("one")]);
  });
});

/** All server kinds that moves differ on. */
const KINDS: [name: string, profile: Profile][] = [
  ["MOVE and UIDPLUS", {}],
  ["MOVE alone", { lacks: ["UIDPLUS"] }],
  ["UIDPLUS alone", { lacks: ["MOVE"] }],
  ["neither", { lacks: ["MOVE", "UIDPLUS"], sync: "none" }],
];

describe.each(KINDS)("spam, on a server with %s", (_name, profile) => {
  it("goes to the spam folder and back, with the same id, and is there once", async () => {
    const { server, account, id } = await accountWith(["one", "two"], profile);
    const spam = await account.change(id, { isSpam: true });
    const folders = await account.folders();
    const junk = folders.find(({ type }) => type === "spam")!;
    expect(spam).toMatchObject({ id, isSpam: true, folderId: junk.id, folderIds: [junk.id] });
    expect(folders).toContainEqual(expect.objectContaining({ name: "INBOX", messageCount: 1 }));
    expect(await account.list("Junk")).toMatchObject([{ id }]);
    await account.settle();
    expect(await flagsOn(server, "Junk")).toEqual([["$Junk"]]);
    expect(await flagsOn(server)).toEqual([[]]);
    expect(await account.list("Junk")).toMatchObject([{ id, isSpam: true }]);
    expect(await account.list("INBOX")).toHaveLength(1);

    const ham = await account.change(id, { isSpam: false });
    expect(ham).toMatchObject({ id, isSpam: false });
    await account.settle();
    expect(await flagsOn(server, "Junk")).toEqual([]);
    expect(await flagsOn(server)).toEqual([[], ["$NotJunk"]]);
    expect((await account.list("INBOX")).map((message) => message.id)).toContain(id);
    expect(await account.list("Junk")).toEqual([]);
    expect(await account.read(id)).toMatchObject({ body: "Text of one\n" });
  });
});

describe("a move", () => {
  it("there and back before the server is told is none", async () => {
    const { server, account, id, uid } = await accountWith(["one"]);
    await account.change(id, { isSpam: true });
    await account.change(id, { isSpam: false });
    await account.settle();
    expect((await server.folder()).mails).toMatchObject([{ uid }]);
    expect(await account.list("INBOX")).toMatchObject([{ id }]);
    expect(await pendingOps(account.owner)).toBe(0);
  });

  it.each(["UID MOVE", "UID COPY"])("whose answer to %s is lost makes no second message", async (on) => {
    const profile: Profile = on === "UID COPY" ? { lacks: ["MOVE"] } : {};
    const { server, account, id } = await accountWith(["one"], profile);
    await server.plan({ protocol: "imap", on, isLost: true, finally: "close" });
    await account.change(id, { isSpam: true });
    await expect.poll(async () => (await server.folder("Junk")).mails.length).toBe(1);
    await expect
      .poll(async () => {
        await account.settle();
        return pendingOps(account.owner);
      })
      .toBe(0);
    expect((await server.folder()).mails).toHaveLength(0);
    expect((await server.folder("Junk")).mails).toHaveLength(1);
    expect(await account.list("Junk")).toMatchObject([{ id }]);
    expect(await account.list("INBOX")).toEqual([]);
  });

  it("whose answer is lost keeps the flags that another client has set", async () => {
    const { server, account, id, uid } = await accountWith(["one"]);
    await server.flag([uid], { add: ["\\Answered"] });
    await server.plan({ protocol: "imap", on: "UID MOVE", isLost: true, finally: "close" });
    await account.change(id, { isSpam: true });
    await expect.poll(async () => (await server.folder("Junk")).mails.length).toBe(1);
    // The pass finds the message in Junk, while it still waits to be moved.
    await account.sync();
    expect(await pendingOps(account.owner)).toBeGreaterThan(0);
    await expect
      .poll(async () => {
        await account.settle();
        return pendingOps(account.owner);
      })
      .toBe(0);
    await account.sync();
    expect(await account.list("Junk")).toMatchObject([{ id }]);
    const places = await insideOf(account.owner, (ctx) =>
      ctx.sql.exec<{ flags: string }>("SELECT flags FROM places WHERE message_id = ?", id).toArray(),
    );
    expect(places).toMatchObject([{ flags: expect.stringContaining("\\Answered") }]);
  });

  it("of a message that another client has moved or deleted meanwhile ends as the server says", async () => {
    const { server, account, ids, uids } = await accountWith(["moved", "deleted"]);
    await server.createFolder("Work");
    await account.sync();
    for (const id of ids) await account.change(id, { isSpam: true });
    await server.move([uids[0]!], "Work");
    await server.expunge([uids[1]!]);
    await account.settle();
    expect(await account.list("Work")).toMatchObject([{ id: ids[0] }]);
    expect(await account.list("Junk")).toEqual([]);
    expect(await account.list("INBOX")).toEqual([]);
    expect(await account.mailbox.message(account.owner, ids[1]!)).toMatchObject({ code: "NOT_FOUND" });
  });

  it("out of a folder that was renumbered moves the right message", async () => {
    const { server, account, id } = await accountWith(["one", "two"]);
    await account.change(id, { isSpam: true });
    await server.renumber();
    await account.settle();
    await account.settle();
    const { mails } = await server.folder("Junk");
    const texts = await Promise.all(
      mails.map(async ({ uid }) => new TextDecoder().decode(await server.raw(uid, "Junk"))),
    );
    expect(texts).toEqual([mailOf("one")]);
    expect(await account.list("Junk")).toMatchObject([{ id }]);
    expect(await account.list("INBOX")).toMatchObject([{ subject: "two" }]);
  });

  it("takes no other deleted message along, where EXPUNGE takes all", async () => {
    const { server, account, id, uids } = await accountWith(["one", "two"], { lacks: ["MOVE", "UIDPLUS"] });
    await server.flag([uids[1]!], { add: ["\\Deleted"] });
    await account.sync();
    await account.change(id, { isSpam: true });
    await account.settle();
    expect((await server.folder("Junk")).mails).toHaveLength(1);
    expect((await server.folder()).mails.map(({ uid }) => uid)).toContain(uids[1]);
  });

  it("without a spam folder is a keyword alone", async () => {
    const profile: Profile = { folders: { "\\Sent": "Sent", "\\Trash": "Trash" } };
    const { server, account, id } = await accountWith(["one"], profile);
    expect(await account.change(id, { isSpam: true })).toMatchObject({ isSpam: true });
    await account.settle();
    expect(await flagsOn(server)).toEqual([["$Junk"]]);
    expect(await account.change(id, { isSpam: false })).toMatchObject({ isSpam: false });
  });
});

describe("changes that meet", () => {
  it("in parallel are all made", async () => {
    const { server, account, ids } = await accountWith(["a", "b", "c", "d", "e", "f"]);
    const changes: MessageChange[] = [{ isRead: true }, { isStarred: true }, { labels: ["Work"] }];
    const all = ids.flatMap((id) =>
      changes.map((change) => account.mailbox.update(account.owner, id, change)),
    );
    for (const answer of await Promise.all(all)) granted(answer);
    await account.settle();
    expect(await flagsOn(server)).toEqual(ids.map(() => ["Work", "\\Flagged", "\\Seen"]));
    expect(await pendingOps(account.owner)).toBe(0);
  });

  it("all of one message at once end in the spam folder with flags and labels", async () => {
    const { server, account, id } = await accountWith(["one"]);
    const change = { isRead: true, isStarred: true, isSpam: true, labels: ["Работа", "x"] };
    expect(await account.change(id, change)).toMatchObject({ ...change, labels: ["x", "Работа"] });
    await account.settle();
    expect(await account.list("Junk")).toMatchObject([{ ...change, labels: ["x", "Работа"] }]);
    expect((await server.folder("Junk")).mails).toHaveLength(1);
  });
});
