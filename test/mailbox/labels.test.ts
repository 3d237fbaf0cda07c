import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isLabel, keywordFor, labelNames, labelsOf } from "../../src/mailbox/store/labels.ts";
import { inside } from "./support/inside.ts";
import { insideOf } from "./support/quiet.ts";
import { createMailbox, type Profile } from "./support/server.ts";
import { pendingOps, syncedMailbox } from "./support/synced.ts";

async function accountWith(profile: Profile = {}, flags: string[] = []) {
  const server = await createMailbox({ profile });
  const raw = "From: a@b.example\r\nSubject: one\r\nMessage-ID: <one@b.example>\r\n\r\nText\r\n";
  const [uid = 0] = await server.deliver([{ raw, flags }]);
  const account = await syncedMailbox(server);
  const [message] = await account.list("INBOX");
  const flagsThere = async () => [...((await server.folder()).mails[0]?.flags ?? [])].sort();
  return { server, account, uid, id: message!.id, flagsThere };
}

describe("refusals", () => {
  it.each([
    [[""], "from 1 to 100"],
    [["x".repeat(101)], "from 1 to 100"],
    [["a\nb"], "control characters"],
    [["\ud800"], "from 1 to 100"],
    [Array.from({ length: 27 }, (_, at) => `label${at}`), "at most 26 labels"],
  ])("labels %j are INVALID, and the error states the limit", async (labels, words) => {
    const { account, id } = await accountWith();
    const answer = await account.mailbox.update(account.owner, id, { labels, isRead: true });
    expect(answer).toMatchObject({ ok: false, code: "INVALID", message: expect.stringContaining(words) });
    expect(await account.list("INBOX")).toMatchObject([{ isRead: false, labels: [] }]);
    expect(await pendingOps(account.owner)).toBe(0);
  });
});

describe("labels", () => {
  it("are keywords on the server: atoms by their own name, others by a code", async () => {
    const { account, id, flagsThere } = await accountWith();
    const labels = ["Work", "to/do", "Счёт № 5", "two words", "$Junk", "nonjunk"];
    const message = await account.change(id, { labels });
    expect([...message.labels].sort()).toEqual([...labels].sort());
    expect(message.labelsSynced).toBe(false);
    await account.settle();
    const there = await flagsThere();
    expect(there).toHaveLength(6);
    expect(there).toEqual(expect.arrayContaining(["Work", "to/do"]));
    expect(there.filter((flag) => flag.startsWith("xb_"))).toHaveLength(4);
    const after = await account.read(id);
    expect([...after.labels].sort()).toEqual([...labels].sort());
    expect(after.labelsSynced).toBe(true);
    expect((await account.list("INBOX"))[0]!.labels.sort()).toEqual([...labels].sort());
  });

  it("are a whole set: what is not named is taken away, and flags of programs stay", async () => {
    const flags = ["\\Answered", "$Forwarded", "NonJunk", "Old", "Kept"];
    const { account, id, flagsThere } = await accountWith({}, flags);
    expect((await account.list("INBOX"))[0]!.labels).toEqual(["Kept", "Old"]);
    await account.change(id, { labels: ["New", "Kept"] });
    await account.settle();
    expect(await flagsThere()).toEqual(["$Forwarded", "Kept", "New", "NonJunk", "\\Answered"].sort());
    await account.change(id, { labels: [] });
    await account.settle();
    expect(await flagsThere()).toEqual(["$Forwarded", "NonJunk", "\\Answered"].sort());
  });

  it("of another client come in; one that it took off after ours was set is gone", async () => {
    const { server, account, id, uid } = await accountWith();
    await account.change(id, { labels: ["Ours"] });
    await account.settle();
    await server.flag([uid], { add: ["Theirs"], remove: ["Ours"] });
    await account.sync();
    expect((await account.read(id)).labels).toEqual(["Theirs"]);
  });

  it("that differ by case alone are one", async () => {
    const { account, id, flagsThere } = await accountWith({}, ["work"]);
    expect((await account.change(id, { labels: ["Work", "WORK"] })).labels).toEqual(["Work"]);
    await account.settle();
    expect(await flagsThere()).toEqual(["work"]);
    expect((await account.read(id)).labels).toEqual(["work"]);
  });

  it("stay here where the server has no keywords, and a sync does not take them away", async () => {
    const { server, account, id, uid, flagsThere } = await accountWith({ keywords: false });
    await account.change(id, { labels: ["Work"], isStarred: true });
    await account.settle();
    expect(await flagsThere()).toEqual(["\\Flagged"]);
    await server.flag([uid], { add: ["\\Answered"] });
    await account.sync();
    expect(await account.read(id)).toMatchObject({ labels: ["Work"], labelsSynced: false, isStarred: true });
    expect(await pendingOps(account.owner)).toBe(0);
    await account.change(id, { labels: [] });
    await account.settle();
    expect(await account.read(id)).toMatchObject({ labels: [] });
  });

  it("that were here alone go to the server once it takes keywords", async () => {
    const { server, account, id, flagsThere } = await accountWith({ keywords: false });
    await account.change(id, { labels: ["Work"] });
    await account.settle();
    await server.setProfile({ keywords: true });
    await server.disconnect();
    await account.change(id, { labels: ["Work", "Home"] });
    await account.settle();
    expect(await flagsThere()).toEqual(["Home", "Work"]);
    expect(await account.read(id)).toMatchObject({ labels: ["Home", "Work"], labelsSynced: true });
  });

  it("that the server refuses for days stay here", async () => {
    const { server, account, id } = await accountWith();
    await server.plan({
      protocol: "imap",
      on: "UID STORE",
      times: 0,
      answer: "NO [LIMIT] Too many keywords",
    });
    await account.change(id, { labels: ["Work"] });
    await account.settle();
    expect(await pendingOps(account.owner)).toBe(1);
    await insideOf(account.owner, (ctx) => void ctx.sql.exec("UPDATE ops SET created_at = 0"));
    await account.settle();
    expect(await account.read(id)).toMatchObject({ labels: ["Work"], labelsSynced: false });
    expect(await pendingOps(account.owner)).toBe(0);
  });
});

describe("the keyword for a name", () => {
  const NAME = fc.string({ unit: "grapheme", minLength: 1, maxLength: 100 });

  it("is an atom of at most 50 characters, and leads back to the name", async () => {
    await inside((ctx) =>
      fc.assert(
        fc.asyncProperty(NAME, async (name) => {
          const keyword = await keywordFor(ctx, name);
          expect(keyword).toMatch(/^[!#$&'+,\-./0-9:;<=>?@A-Z[^_`a-z|}~]{1,50}$/);
          expect(isLabel(keyword)).toBe(true);
          expect(labelsOf(["\\Seen", keyword, "$Junk"], labelNames(ctx))).toEqual([name]);
          // Some servers change the case.
          const isCoded = keyword.startsWith("xb_");
          expect(labelsOf([keyword.toUpperCase()], labelNames(ctx))).toEqual([
            isCoded ? name : name.toUpperCase(),
          ]);
        }),
      ),
    );
  });

  it("leads back to a name of up to 29 bytes also without the table", async () => {
    await inside((ctx) =>
      fc.assert(
        fc.asyncProperty(fc.string({ unit: "grapheme", minLength: 1, maxLength: 7 }), async (name) => {
          fc.pre(new TextEncoder().encode(name).length <= 29);
          expect(labelsOf([await keywordFor(ctx, name)], new Map())).toEqual([name]);
        }),
      ),
    );
  });
});

describe("on Gmail", () => {
  const GMAIL: Profile = {
    gmail: true,
    folders: {
      "\\All": "[Gmail]/All Mail",
      "\\Junk": "[Gmail]/Spam",
      "\\Trash": "[Gmail]/Trash",
      "\\Sent": "[Gmail]/Sent Mail",
    },
  };

  it("labels are Gmail's own, also those that are no atoms", async () => {
    const { server, account, id } = await accountWith(GMAIL);
    const labels = ["Work", "two words", "Счёт", "x".repeat(80)];
    await account.change(id, { labels });
    await account.settle();
    const paths = (await server.folders()).filter(({ mails }) => mails.length > 0).map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(["INBOX", "[Gmail]/All Mail", ...labels]));
    await account.sync();
    expect(await account.read(id)).toMatchObject({ labels: [...labels].sort(), labelsSynced: true });

    await account.change(id, { labels: ["Work"] });
    await account.settle();
    const left = (await server.folders()).filter(({ mails }) => mails.length > 0).map(({ path }) => path);
    expect(left.sort()).toEqual(["INBOX", "Work", "[Gmail]/All Mail"].sort());
    await account.sync();
    expect(await account.read(id)).toMatchObject({ labels: ["Work"] });
  });

  it("spam leaves all other folders, is listed once, and keeps its id", async () => {
    const { server, account, id } = await accountWith(GMAIL);
    expect(await account.change(id, { isSpam: true })).toMatchObject({ isSpam: true });
    expect(await account.list("[Gmail]/Spam")).toMatchObject([{ id }]);
    await account.settle();
    await account.sync();
    const paths = (await server.folders()).filter(({ mails }) => mails.length > 0).map(({ path }) => path);
    expect(paths).toEqual(["[Gmail]/Spam"]);
    expect(await account.list("[Gmail]/Spam")).toMatchObject([{ id, isSpam: true }]);
    await account.change(id, { isSpam: false });
    await account.settle();
    await account.sync();
    expect(await account.list("INBOX")).toMatchObject([{ id, isSpam: false }]);
    expect(await account.list("[Gmail]/Spam")).toEqual([]);
  });
});
