import { expect, it } from "vitest";
import type { Owner } from "../../src/mailbox/contract.ts";
import { rowOf, rowsOf } from "../../src/platform/rows.ts";
import { bindings } from "./support/mailbox.ts";
import { insideOf } from "./support/quiet.ts";
import { createMailbox } from "./support/server.ts";
import { changesOf, folderIdOf, idAt, mail, mails, openMailbox, syncNow } from "./support/syncing.ts";

/** Lets a message have been missing for this long. */
const missingFor = (owner: Owner, seconds: number): Promise<void> =>
  insideOf(
    owner,
    (ctx) => void ctx.sql.exec("UPDATE messages SET missing_since = missing_since - ?", seconds * 1000),
  );

const isThere = (owner: Owner, id: string): Promise<boolean> =>
  insideOf(owner, (ctx) => rowOf(ctx, "SELECT 1 AS found FROM messages WHERE id = ?", id) !== undefined);

/** A mailbox of three mails; the first one is expunged, and a pass has seen it. */
async function expunged() {
  const server = await createMailbox();
  await server.deliver(mails(3));
  const owner = await openMailbox(server, { syncInterval: 300 });
  await syncNow(owner);
  const id = (await idAt(owner, 1))!;
  const raw = await server.raw(1);
  await server.expunge([1]);
  await syncNow(owner);
  return { server, owner, id, raw };
}

it("what is gone is kept for an interval", async () => {
  const { owner, id } = await expunged();
  await missingFor(owner, 200);
  await syncNow(owner);
  expect(await isThere(owner, id)).toBe(true);
});

it("what is gone for an interval is deleted with its files, and logged", async () => {
  const { owner, id } = await expunged();
  const prefix = `mail/${owner.accountId}/`;
  await bindings.ATTACHMENTS.put(`${prefix}${id}/2`, "file");
  await bindings.ATTACHMENTS.put(`${prefix}other/2`, "file");
  await insideOf(
    owner,
    (ctx) => void ctx.sql.exec("INSERT INTO bodies (message_id, headers) VALUES (?, '{}')", id),
  );
  await missingFor(owner, 300);
  await syncNow(owner);
  expect(await isThere(owner, id)).toBe(false);
  expect((await changesOf(owner)).filter(({ kind }) => kind === "deleted")).toEqual([
    { message_id: id, kind: "deleted" },
  ]);
  const { objects } = await bindings.ATTACHMENTS.list({ prefix });
  expect(objects.map(({ key }) => key)).toEqual([`${prefix}other/2`]);
  expect(await insideOf(owner, (ctx) => rowsOf(ctx, "SELECT * FROM bodies"))).toEqual([]);
});

it("what comes back has its id", async () => {
  const { server, owner, id, raw } = await expunged();
  await missingFor(owner, 300);
  await server.createFolder("Archive");
  await server.deliver([{ raw }], "Archive");
  await syncNow(owner);
  expect(await idAt(owner, 1, "Archive")).toBe(id);
  expect((await changesOf(owner)).filter(({ kind }) => kind === "deleted")).toEqual([]);
});

it("nothing is deleted by a pass that has not looked at every folder", async () => {
  const { server, owner, id } = await expunged();
  await missingFor(owner, 300);
  await syncNow(owner, { folders: [await folderIdOf(owner, "INBOX")] });
  expect(await isThere(owner, id)).toBe(true);
  await server.deliver(mail("new"), "Drafts");
  await server.plan({ protocol: "imap", on: "EXAMINE", answer: "NO [SERVERBUG] Internal error" });
  await syncNow(owner);
  expect(await isThere(owner, id)).toBe(true);
  await syncNow(owner);
  expect(await isThere(owner, id)).toBe(false);
});

it("a change of a message that is gone ends with it", async () => {
  const { owner, id } = await expunged();
  await insideOf(
    owner,
    (ctx) =>
      void ctx.sql.exec(
        "INSERT INTO ops (message_id, kind, payload, due_at, created_at) VALUES (?, 'flags', '{\"flags\":{}}', ?, ?)",
        ...[id, Date.now() + 3600_000, Date.now()],
      ),
  );
  const changes = () => insideOf(owner, (ctx) => rowsOf(ctx, "SELECT message_id FROM ops"));
  await missingFor(owner, 200);
  await syncNow(owner);
  expect(await changes()).toEqual([{ message_id: id }]);
  await missingFor(owner, 100);
  await syncNow(owner);
  expect(await isThere(owner, id)).toBe(false);
  expect(await changes()).toEqual([]);
});

it("a reply finds the conversation of a mail that is deleted", async () => {
  const { server, owner, id } = await expunged();
  const conversationOf = (messageId: string) =>
    insideOf(owner, (ctx) =>
      rowOf<{ c: string }>(ctx, "SELECT conversation_id AS c FROM messages WHERE id = ?", messageId),
    );
  const conversation = await conversationOf(id);
  await missingFor(owner, 300);
  await syncNow(owner);
  const [uid] = await server.deliver(mail("reply", "In-Reply-To: <1@demo.example>\r\n"));
  await syncNow(owner);
  expect(await conversationOf((await idAt(owner, uid!))!)).toEqual(conversation);
});
