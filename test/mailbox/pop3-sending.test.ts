import { expect, test } from "vitest";
import { bindings } from "./support/mailbox.ts";
import { apiOf, mailTo, openOn, sendFrom, taskOf } from "./support/sending.ts";
import { createMailbox } from "./support/server.ts";

/** The ids of the messages in a folder. */
async function idsIn(owner: Awaited<ReturnType<typeof openOn>>, type: string): Promise<string[]> {
  const listed = await apiOf(owner).folders(owner);
  const folder = listed.ok && listed.folders.find((each) => each.type === type);
  if (!folder) return [];
  const query = {
    folderId: folder.id,
    limit: 50,
    offset: 0,
    sort: "receivedAt:desc",
    filter: "all",
  } as const;
  const page = await apiOf(owner).messages(owner, query);
  return page.ok ? page.messages.map(({ id }) => id) : [];
}

async function syncNow(owner: Awaited<ReturnType<typeof openOn>>): Promise<void> {
  const asked = await apiOf(owner).sync(owner, { force: false, folders: [] });
  if (!asked.ok) throw new Error(asked.message);
  await expect.poll(() => taskOf(owner, asked.task.taskId)).toMatchObject({ status: "success" });
}

test("what a POP3 mailbox sends is in its Sent here, with its files, and no copy is filed", async () => {
  const [server, friend] = [await createMailbox(), await createMailbox()];
  const owner = await openOn(server, { protocol: "pop3" });
  const key = `mail/${owner.accountId}/uploads/notes`;
  await bindings.ATTACHMENTS.put(key, "a;b\r\n");
  const file = { key, filename: "notes.csv", mimeType: "text/csv", size: 5 };
  const { task, messageId } = await sendFrom(owner, mailTo([friend.address], { files: [file] }));
  await expect.poll(() => taskOf(owner, task.taskId)).toMatchObject({ status: "success" });
  await expect.poll(() => idsIn(owner, "sent")).toEqual([messageId]);
  expect((await friend.folder()).mails).toHaveLength(1);
  const found = await apiOf(owner).message(owner, messageId);
  expect(found).toMatchObject({ message: { body: "At noon?\n", attachments: [{ filename: "notes.csv" }] } });
  const stored = found.ok ? await apiOf(owner).file(owner, found.message.attachments[0]!.id) : found;
  expect(stored).toMatchObject({ ok: true });
  const object = stored.ok && (await bindings.ATTACHMENTS.get(stored.file.key));
  expect(object && (await object.text())).toBe("a;b\r\n");
  expect((await server.connections()).map(({ protocol }) => protocol)).not.toContain("imap");
});

test("a mail to oneself is one message, in Sent and in the inbox", async () => {
  const server = await createMailbox();
  const owner = await openOn(server, { protocol: "pop3" });
  const { task, messageId } = await sendFrom(owner, mailTo([server.address]));
  await expect.poll(() => taskOf(owner, task.taskId)).toMatchObject({ status: "success" });
  await syncNow(owner);
  expect(await idsIn(owner, "inbox")).toEqual([messageId]);
  expect(await idsIn(owner, "sent")).toEqual([messageId]);
});
