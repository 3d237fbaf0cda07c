import { expect, it } from "vitest";
import { createMailbox } from "./support/server.ts";
import { pendingOps, syncedMailbox } from "./support/synced.ts";

// POP3 has no flags and no folders: what is changed is changed here alone.

async function popAccount() {
  const server = await createMailbox();
  const [uid = 0] = await server.deliver(
    "From: a@b.example\r\nSubject: one\r\nMessage-ID: <1@b.example>\r\n\r\nText\r\n",
  );
  const account = await syncedMailbox(server, { protocol: "pop3" });
  const [message] = await account.list("INBOX");
  return { server, uid, account, id: message!.id };
}

it("flags and labels are changed here, outlive a sync, and reach no server", async () => {
  const { server, account, id } = await popAccount();
  const change = { isRead: true, isStarred: true, labels: ["Work", "Счёт № 5"] };
  expect(await account.change(id, change)).toMatchObject({ ...change, body: "Text\n", labelsSynced: false });
  expect(await pendingOps(account.owner)).toBe(0);
  await account.sync();
  expect(await account.list("INBOX")).toMatchObject([{ id, ...change }]);
  expect((await server.folder()).mails).toMatchObject([{ flags: [] }]);
});

it("spam is moved here, is not read from the server again, and can be moved back", async () => {
  const { server, uid, account, id } = await popAccount();
  expect(await account.change(id, { isSpam: true })).toMatchObject({ id, isSpam: true });
  await account.sync();
  expect(await account.list("Junk")).toMatchObject([{ id, isSpam: true }]);
  expect(await account.list("INBOX")).toEqual([]);
  await account.change(id, { isSpam: false });
  await account.sync();
  expect(await account.list("INBOX")).toMatchObject([{ id, isSpam: false }]);
  expect(await account.read(id)).toMatchObject({ body: "Text\n" });
  expect((await server.folder()).mails).toMatchObject([{ uid }]);
});
