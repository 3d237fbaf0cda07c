import { expect, test } from "vitest";
import { apiOf, mailTo, openOn, sendFrom, taskOf } from "./support/sending.ts";
import { createMailbox } from "./support/server.ts";

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
