import { expect, test } from "vitest";
import { apiOf, mailTo, openOn, sendFrom, taskOf } from "./support/sending.ts";
import { createMailbox } from "./support/server.ts";
import { listingOf, mirrorOf, syncNow } from "./support/syncing.ts";

test("a mail is sent, and is in Sent once", async () => {
  const [server, friend] = [await createMailbox(), await createMailbox()];
  const owner = await openOn(server);
  const { task, messageId } = await sendFrom(owner, mailTo([friend.address]), "key-1");
  await expect.poll(() => taskOf(owner, task.taskId)).toMatchObject({ status: "success", progress: 100 });
  await expect.poll(async () => (await server.folder("Sent")).mails.length).toBe(1);
  expect((await friend.folder()).mails).toHaveLength(1);
  expect(await friend.raw(1)).toEqual(await server.raw(1, "Sent"));
  expect(await apiOf(owner).message(owner, messageId)).toMatchObject({ message: { body: "At noon?\n" } });
});

test("a mail that waits before the first sync is in the folder of that name, which the server has, too", async () => {
  const server = await createMailbox();
  const owner = await openOn(server, { smtp: { hostname: "nobody.invalid", port: 465, encryption: "tls" } });
  const { messageId } = await sendFrom(owner, mailTo([server.address]));
  await syncNow(owner);
  const { Sent, ...others } = await mirrorOf(owner);
  const { Sent: atServer, ...othersAtServer } = await listingOf(server);
  expect(others).toEqual(othersAtServer);
  expect([Sent, atServer]).toEqual([{ "-1": "\\Seen" }, {}]);
  expect(await apiOf(owner).message(owner, messageId)).toMatchObject({ ok: true });
});
