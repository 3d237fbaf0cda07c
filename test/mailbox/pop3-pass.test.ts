import { beforeEach, describe, expect, it } from "vitest";
import type { MailboxContext } from "../../src/mailbox/context.ts";
import type { Outcome, Owner, Task } from "../../src/mailbox/contract.ts";
import { rawOf } from "../../src/mailbox/pop3/raw.ts";
import { syncPop } from "../../src/mailbox/sync/pop-pass.ts";
import { Progress } from "../../src/mailbox/sync/progress.ts";
import { rowOf, rowsOf } from "../../src/platform/rows.ts";
import { bindings, mailboxOf, newOwner } from "./support/mailbox.ts";
import { insideOf } from "./support/quiet.ts";
import { createMailbox, type MailServer, type Profile } from "./support/server.ts";

let server: MailServer;
let owner: Owner;

/** A mailbox that reads by POP3. It is switched off, so that it does nothing by itself. */
async function open(profile: Profile = {}): Promise<void> {
  server = await createMailbox({ profile });
  owner = newOwner();
  const settings = server.settings({ protocol: "pop3", isEnabled: false });
  const opened = await mailboxOf(owner).configure(owner, settings, { password: server.password });
  if (!opened.ok) throw new Error(opened.message);
}

beforeEach(() => open());

const sync = (ctx: MailboxContext) => syncPop(ctx, new Progress(ctx, []));

const countOf = (ctx: MailboxContext): number =>
  rowOf<{ count: number }>(ctx, "SELECT count(*) AS count FROM messages")!.count;

/** Syncs once. @returns also how many messages are new */
const pass = () =>
  insideOf(owner, async (ctx) => {
    const before = countOf(ctx);
    return { ...(await sync(ctx)), added: countOf(ctx) - before };
  });

/** Syncs once. @returns the code with which it fails */
const failure = () => insideOf(owner, (ctx) => sync(ctx).catch(({ code }) => code));

const mail = (subject: string, more = ""): string =>
  `From: Ali <ali@bozor.example>\r\nTo: ${server.address}\r\nSubject: ${subject}\r\n` +
  `Message-ID: <${subject}@bozor.example>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0500\r\n${more}\r\nSalom, ${subject}\r\n`;

type Row = {
  id: string;
  subject: string;
  preview: string | null;
  size: number;
  uid: number;
  is_read: number;
};

const inboxOf = (ctx: MailboxContext): Row[] =>
  rowsOf<Row>(
    ctx,
    `SELECT m.id, m.subject, m.preview, m.size, p.uid, p.is_read FROM places p JOIN messages m ON m.id = p.message_id
     JOIN folders f ON f.id = p.folder_id WHERE f.path = 'INBOX' ORDER BY p.uid`,
  );

const inbox = (): Promise<Row[]> => insideOf(owner, inboxOf);
const subjects = async (): Promise<string[]> => (await inbox()).map(({ subject }) => subject);

const commands = async (verb: string): Promise<string[]> =>
  (await server.connections()).flatMap(({ commands }) => commands).filter((each) => each.startsWith(verb));

/** Gives all mails other ids, as a server does that is set up anew. */
async function changeIds(): Promise<void> {
  const uids = (await server.folder()).mails.map(({ uid }) => uid);
  const mails = await Promise.all(uids.map(async (uid) => ({ raw: await server.raw(uid) })));
  await server.expunge(uids);
  await server.deliver(mails);
}

const rawKey = (messageId: string): string => `mail/${owner.accountId}/${messageId}/raw`;

describe("a first pass", () => {
  it("reads all mails, the newest first, and leaves them on the server", async () => {
    await server.deliver([mail("one"), mail("two"), mail("three")]);
    expect(await pass()).toMatchObject({ added: 3, isComplete: true });
    expect(await subjects()).toEqual(["three", "two", "one"]);
    expect((await inbox())[0]).toMatchObject({ preview: "Salom, three", is_read: 0, uid: 1 });
    expect((await server.folder()).mails).toHaveLength(3);
    expect(await commands("DELE")).toEqual([]);
  });

  it("adds the folders that POP3 does not have, and tells nobody of the history", async () => {
    await server.deliver([mail("one")]);
    await pass();
    const found = await insideOf(owner, (ctx) => ({
      folders: rowsOf(ctx, "SELECT path, type, is_local, total FROM folders ORDER BY path"),
      changes: rowsOf(ctx, "SELECT kind FROM changes"),
    }));
    expect(found.changes).toEqual([]);
    expect(found.folders).toEqual([
      { path: "Drafts", type: "drafts", is_local: 1, total: 0 },
      { path: "INBOX", type: "inbox", is_local: 1, total: 1 },
      { path: "Junk", type: "spam", is_local: 1, total: 0 },
      { path: "Sent", type: "sent", is_local: 1, total: 0 },
      { path: "Trash", type: "trash", is_local: 1, total: 0 },
    ]);
  });

  it("keeps the bytes as the server has them", async () => {
    const [uid] = await server.deliver([mail("dots", "X-Dots: 1\r\n").replace("Salom", ".\r\n..\r\n.Salom")]);
    await pass();
    const [row] = await inbox();
    const raw = await insideOf(owner, async (ctx) => (await rawOf(ctx, row!.id)).bytes);
    expect(raw).toEqual(await server.raw(uid!));
    expect(await commands("RETR")).toHaveLength(1);
  });

  it("that is cut off goes on where it was", async () => {
    await server.deliver([mail("one"), mail("two"), mail("three"), mail("four")]);
    await server.plan({ protocol: "pop3", on: "RETR", skip: 2, cutAfter: 20, finally: "close" });
    expect(await failure()).toBe("CONNECTION_FAILED");
    expect(await subjects()).toEqual(["four", "three"]);
    expect(await pass()).toMatchObject({ added: 2, isComplete: true });
    expect(await subjects()).toEqual(["four", "three", "two", "one"]);
    expect(await commands("RETR")).toEqual(["RETR 4", "RETR 3", "RETR 2", "RETR 2", "RETR 1"]);
  });
});

describe("a later pass", () => {
  it("reads what is new, and tells of it", async () => {
    await server.deliver([mail("one")]);
    await pass();
    await server.deliver([mail("two")]);
    expect(await pass()).toMatchObject({ added: 1, isComplete: true });
    expect(await subjects()).toEqual(["one", "two"]);
    const changes = await insideOf(owner, (ctx) => rowsOf(ctx, "SELECT kind FROM changes"));
    expect(changes).toEqual([{ kind: "created" }]);
    expect(await commands("RETR")).toEqual(["RETR 1", "RETR 2"]);
  });

  it("with nothing new reads no mail", async () => {
    await server.deliver([mail("one")]);
    await pass();
    expect(await pass()).toMatchObject({ added: 0, isComplete: true });
    expect(await commands("RETR")).toHaveLength(1);
  });

  it("keeps a mail that another program took from the server", async () => {
    const uids = await server.deliver([mail("one"), mail("two")]);
    await pass();
    await server.expunge(uids.slice(0, 1));
    await pass();
    expect(await subjects()).toEqual(["two", "one"]);
    const { id } = (await inbox())[1]!;
    expect(await insideOf(owner, async (ctx) => (await rawOf(ctx, id)).bytes.length)).toBe(
      mail("one").length,
    );
  });

  it("knows all mails again when the server has given them other ids, and doubles none", async () => {
    await server.deliver([mail("one"), mail("two"), mail("two")]);
    await pass();
    const before = await inbox();
    await changeIds();
    await server.deliver([mail("three")]);
    expect(await pass()).toMatchObject({ added: 1 });
    const after = await inbox();
    expect(after.slice(0, 3)).toEqual(before);
    expect(await commands("RETR")).toHaveLength(7);
    expect(after.map(({ subject }) => subject)).toEqual(["two", "two", "one", "three"]);
  });

  it("does not bring back a mail that was moved away here", async () => {
    await server.deliver([mail("one")]);
    await pass();
    await insideOf(owner, (ctx) =>
      ctx.sql.exec("UPDATE places SET uid = -1, folder_id = (SELECT id FROM folders WHERE path = 'Trash')"),
    );
    await changeIds();
    await pass();
    expect(await subjects()).toEqual([]);
  });
});

it("a mail that was read before a crash, and not noted, is not doubled", async () => {
  await server.deliver([mail("one"), mail("one")]);
  await pass();
  await insideOf(owner, (ctx) => {
    ctx.sql.exec("DELETE FROM pop_mails");
    ctx.sql.exec("UPDATE folders SET modseq = NULL");
  });
  const before = await inbox();
  await pass();
  expect(await inbox()).toEqual(before);
});

it.each([0, 1, 2, 3])(
  "a pass that ends before its copy number %i is in the bucket loses and doubles nothing",
  async (nth) => {
    await server.deliver([mail("one"), mail("two"), mail("one"), mail("three")]);
    let puts = 0;
    const put = (...args: Parameters<R2Bucket["put"]>) => {
      if (puts++ === nth) throw new Error("The object has died");
      return bindings.ATTACHMENTS.put(...args);
    };
    const dying = { ...bindings, ATTACHMENTS: { put } as unknown as R2Bucket };
    await insideOf(owner, async (ctx) => expect(sync({ ...ctx, env: dying })).rejects.toThrow("died"));
    expect(await pass()).toMatchObject({ isComplete: true });
    expect(await subjects()).toEqual(["three", "one", "two", "one"]);
    const ids = (await inbox()).map(({ id }) => id);
    expect(new Set(ids).size).toBe(4);
    for (const id of ids) expect(await bindings.ATTACHMENTS.head(rawKey(id))).not.toBeNull();
  },
);

it("a mail whose copy is lost is read from the server once more", async () => {
  const [uid] = await server.deliver([mail("one")]);
  await pass();
  const { id } = (await inbox())[0]!;
  await bindings.ATTACHMENTS.delete(rawKey(id));
  const again = await insideOf(owner, (ctx) => rawOf(ctx, id));
  expect(again.bytes).toEqual(await server.raw(uid!));
  expect(await bindings.ATTACHMENTS.head(rawKey(id))).not.toBeNull();
  await bindings.ATTACHMENTS.delete(rawKey(id));
  await server.expunge([uid!]);
  const code = await insideOf(owner, (ctx) => rawOf(ctx, id).catch((error) => error.code));
  expect(code).toBe("NOT_FOUND");
});

it("two copies of a mail on the server are two messages here", async () => {
  await server.deliver([mail("one"), mail("one")]);
  await pass();
  expect(new Set((await inbox()).map(({ id }) => id)).size).toBe(2);
});

describe("without UIDL", () => {
  it("mails are known by their headers", async () => {
    await open({ lacks: ["UIDL"] });
    await server.deliver([mail("one"), mail("two")]);
    await pass();
    await server.deliver([mail("three")]);
    expect(await pass()).toMatchObject({ added: 1 });
    expect(await subjects()).toEqual(["two", "one", "three"]);
  });

  it("and without TOP the server is PROTOCOL_MISMATCH", async () => {
    await open({ lacks: ["UIDL", "TOP"] });
    await server.deliver([mail("one")]);
    expect(await failure()).toBe("PROTOCOL_MISMATCH");
  });
});

describe("a mail of more than 25 MB", () => {
  const large = () => mail("large") + "0123456789abcdef\r\n".repeat(1_500_000);

  it.each([[[]], [["TOP"]]])("is here with its header alone, on a server that lacks %j", async (lacks) => {
    await open({ lacks });
    await server.deliver([mail("before"), large(), mail("after")]);
    while (!(await pass()).isComplete);
    expect((await subjects()).sort()).toEqual(["after", "before", "large"]);
    const row = (await inbox()).find(({ subject }) => subject === "large")!;
    expect(row).toMatchObject({ size: large().length, preview: null });
    const raw = await insideOf(owner, (ctx) => rawOf(ctx, row.id));
    expect(raw.isCut).toBe(true);
    expect(new TextDecoder().decode(raw.bytes)).toMatch(/^From: Ali[\s\S]*\+0500\r\n\r\n$/);
  });

  it("is the same if the server tells a small size", async () => {
    await server.deliver([large()]);
    await server.plan({ protocol: "pop3", on: "LIST", answer: "+OK\r\n1 100\r\n." });
    await pass();
    const row = (await inbox())[0]!;
    expect(await insideOf(owner, async (ctx) => (await rawOf(ctx, row.id)).isCut)).toBe(true);
  });
});

it("a mailbox that another program has open is THROTTLED, and nothing is lost", async () => {
  await server.deliver([mail("one")]);
  await server.plan({ protocol: "pop3", on: "LOGIN", answer: "-ERR [IN-USE] locked" });
  expect(await failure()).toBe("THROTTLED");
  expect(await pass()).toMatchObject({ added: 1 });
});

it("a draft that was replaced goes, and no mail of the server does", async () => {
  await server.deliver([mail("one"), mail("draft")]);
  await pass();
  await insideOf(owner, (ctx) => {
    const id = rowOf<{ id: string }>(ctx, "SELECT id FROM messages WHERE subject = 'draft'")!.id;
    ctx.sql.exec("DELETE FROM places WHERE message_id = ?", id);
    ctx.sql.exec("UPDATE messages SET missing_since = 1 WHERE id = ?", id);
  });
  await pass();
  expect(await insideOf(owner, (ctx) => rowsOf(ctx, "SELECT subject FROM messages"))).toEqual([
    { subject: "one" },
  ]);
});

it("two passes at once are one after the other, and double nothing", async () => {
  await server.deliver([mail("one"), mail("two")]);
  await insideOf(owner, (ctx) => Promise.all([sync(ctx), sync(ctx)]));
  expect(await subjects()).toEqual(["two", "one"]);
  expect(await commands("RETR")).toHaveLength(2);
});

describe("an account that is enabled", () => {
  const enable = async (password: string): Promise<void> => {
    const settings = server.settings({ protocol: "pop3" });
    const opened = await mailboxOf(owner).configure(owner, settings, { password });
    if (!opened.ok) throw new Error(opened.message);
  };

  it("syncs by itself, and when somebody asks for it", async () => {
    await server.deliver([mail("one"), mail("two")]);
    await enable(server.password);
    await expect.poll(subjects).toEqual(["two", "one"]);
    await server.deliver([mail("three")]);
    const asked = (await mailboxOf(owner).sync(owner, { force: false, folders: [] })) as Outcome<{
      task: Task;
    }>;
    if (!asked.ok) throw new Error(asked.message);
    const { taskId } = asked.task;
    const task = async () => (await mailboxOf(owner).task(owner, taskId)) as object;
    const result = { messagesAdded: 1, messagesUpdated: 0, messagesRemoved: 0, foldersSync: 1 };
    await expect.poll(task).toMatchObject({ task: { status: "success", progress: 100, result } });
    const folders = await mailboxOf(owner).folders(owner);
    expect(folders).toMatchObject({
      folders: [{ name: "INBOX", messageCount: 3, unreadCount: 3 }, {}, {}, {}, {}],
    });
    const status = await mailboxOf(owner).status(owner);
    expect(status).toMatchObject({ status: { state: "active", lastError: null } });
  });

  it("whose password is wrong says so", async () => {
    await enable("wrong");
    const status = async () => (await mailboxOf(owner).status(owner)) as object;
    await expect.poll(status).toMatchObject({ status: { lastError: { code: "AUTHENTICATION_FAILED" } } });
  });
});

it("a mail that is already here in another folder is one message in two folders", async () => {
  await server.deliver([mail("other")]);
  await pass();
  const sent = await insideOf(owner, (ctx) => {
    const { id, key } = rowOf<{ id: string; key: string }>(ctx, "SELECT id, key FROM messages")!;
    const folder = rowOf<{ id: string }>(ctx, "SELECT id FROM folders WHERE path = 'Sent'")!;
    ctx.sql.exec("UPDATE places SET folder_id = ?, uid = -1", folder.id);
    ctx.sql.exec("DELETE FROM pop_mails");
    ctx.sql.exec("UPDATE folders SET modseq = NULL");
    return { id, key };
  });
  await pass();
  expect((await inbox()).map(({ id }) => id)).toEqual([sent.id]);
});
