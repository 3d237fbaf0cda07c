import { describe, expect, test } from "vitest";
import type { OutgoingMail, Owner } from "../../src/mailbox/contract.ts";
import { rowOf } from "../../src/platform/rows.ts";
import { insideOf, quietMailbox } from "./support/quiet.ts";
import { apiOf, hurry, isIdle, mailTo, openOn, taskOf } from "./support/sending.ts";
import { createMailbox, type MailServer, type Profile } from "./support/server.ts";

async function save(
  owner: Owner,
  changes: Partial<OutgoingMail>,
  draftId: string | null = null,
): Promise<string> {
  const saved = await apiOf(owner).saveDraft(owner, mailTo([], changes), draftId);
  if (!saved.ok) throw new Error(saved.message);
  return saved.draftId;
}

const settled = (owner: Owner) => expect.poll(() => isIdle(owner), { interval: 50 }).toBe(true);

/** The texts of all drafts on the server. */
async function draftsOn(server: MailServer): Promise<string[]> {
  const { mails } = await server.folder("Drafts");
  return Promise.all(mails.map(async ({ uid }) => new TextDecoder().decode(await server.raw(uid, "Drafts"))));
}

async function listed(owner: Owner) {
  const folders = await apiOf(owner).folders(owner);
  if (!folders.ok) throw new Error(folders.message);
  const folderId = folders.folders.find(({ type }) => type === "drafts")?.id ?? "";
  const list = await apiOf(owner).messages(owner, {
    folderId,
    limit: 50,
    offset: 0,
    sort: "receivedAt:desc",
    filter: "all",
  });
  if (!list.ok) throw new Error(list.message);
  return list.messages.map(({ id, subject }) => ({ id, subject }));
}

async function sync(owner: Owner): Promise<void> {
  const started = await apiOf(owner).sync(owner, { force: true, folders: [] });
  if (!started.ok) throw new Error(started.message);
  await expect.poll(() => taskOf(owner, started.task.taskId)).toMatchObject({ status: "success" });
}

describe("refusals", () => {
  test("the id of no draft, of a message that is none, and of another's", async () => {
    const [owner, other] = [await quietMailbox(), await quietMailbox()];
    const sent = await apiOf(owner).send(owner, mailTo(["aziza@demo.example"]), null);
    if (!sent.ok) throw new Error(sent.message);
    const others = await save(other, {});
    for (const id of ["", "c000000000000000000000000", sent.messageId, others]) {
      expect(await apiOf(owner).saveDraft(owner, mailTo([]), id)).toMatchObject({ code: "NOT_FOUND" });
    }
  });
});

describe("a draft", () => {
  test("may be empty, can be read at once, and is on the server soon after, with its blind copies", async () => {
    const server = await createMailbox();
    const owner = await openOn(server);
    const empty = await save(owner, { subject: "", body: "" });
    expect(await apiOf(owner).message(owner, empty)).toMatchObject({
      ok: true,
      message: { subject: "", to: [] },
    });
    const draftId = await save(owner, { subject: "Plan", body: "First", bcc: ["secret@demo.example"] });
    expect(await apiOf(owner).message(owner, draftId)).toMatchObject({
      message: { body: "First\n", bcc: ["secret@demo.example"], isRead: true },
    });
    await settled(owner);
    const drafts = await draftsOn(server);
    expect(drafts).toHaveLength(2);
    expect(drafts.join("\n")).toContain("\r\nBcc: secret@demo.example\r\n");
    const { mails } = await server.folder("Drafts");
    expect(mails.map(({ flags }) => flags)).toEqual([
      ["\\Draft", "\\Seen"],
      ["\\Draft", "\\Seen"],
    ]);
  });

  test.each<[string, Profile]>([
    ["of an ordinary server", {}],
    ["without CONDSTORE", { sync: "none" }],
    ["with ids of its own", { objectIds: true }],
  ])("keeps its id when it is replaced, and is one: %s", async (_, profile) => {
    const server = await createMailbox({ profile });
    const owner = await openOn(server);
    await sync(owner);
    const draftId = await save(owner, { subject: "One" });
    await settled(owner);
    await sync(owner);
    for (const subject of ["Two", "Three"]) expect(await save(owner, { subject }, draftId)).toBe(draftId);
    expect(await listed(owner)).toEqual([{ id: draftId, subject: "Three" }]);
    await sync(owner);
    await settled(owner);
    await sync(owner);
    expect(await listed(owner)).toEqual([{ id: draftId, subject: "Three" }]);
    const drafts = await draftsOn(server);
    expect(drafts.map((each) => /^Subject: (.*)\r$/m.exec(each)?.[1])).toEqual(["Three"]);
  });

  test("of another program is replaced, too", async () => {
    const server = await createMailbox();
    await server.deliver("From: a@demo.example\nSubject: Theirs\n\nx\n", "Drafts");
    const owner = await openOn(server);
    await sync(owner);
    const [theirs] = await listed(owner);
    await save(owner, { subject: "Ours" }, theirs?.id ?? "");
    await settled(owner);
    await sync(owner);
    expect(await listed(owner)).toEqual([{ id: theirs?.id, subject: "Ours" }]);
    expect(await draftsOn(server)).toHaveLength(1);
  });

  test("replaces nothing before the new one is there, nor after the server has numbered anew", async () => {
    const server = await createMailbox();
    const owner = await openOn(server);
    const draftId = await save(owner, { subject: "One" });
    await settled(owner);
    await sync(owner);
    await server.plan({ protocol: "imap", on: "APPEND", answer: "NO Full" });
    await save(owner, { subject: "Two" }, draftId);
    await hurry(owner);
    expect((await draftsOn(server)).join()).toContain("Subject: One");
    await server.renumber("Drafts");
    await server.deliver("Subject: Somebody's\n\nx\n", "Drafts");
    await settled(owner);
    expect((await draftsOn(server)).join()).toContain("Subject: Somebody's");
  });

  test("is one, though the answer to APPEND is lost", async () => {
    const server = await createMailbox();
    await server.plan({ protocol: "imap", on: "APPEND", isLost: true, finally: "close" });
    const owner = await openOn(server);
    const draftId = await save(owner, { subject: "One" });
    await hurry(owner);
    await save(owner, { subject: "Two" }, draftId);
    await settled(owner);
    expect((await draftsOn(server)).map((each) => /^Subject: (.*)\r$/m.exec(each)?.[1])).toEqual(["Two"]);
    const left = await insideOf(owner, (ctx) =>
      rowOf<{ n: number }>(ctx, "SELECT count(*) AS n FROM drafts"),
    );
    expect(left?.n).toBe(0);
  });
});
