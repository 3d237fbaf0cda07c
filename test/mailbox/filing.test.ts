import { describe, expect, test } from "vitest";
import type { Owner } from "../../src/mailbox/contract.ts";
import { rowsOf } from "../../src/platform/rows.ts";
import { insideOf } from "./support/quiet.ts";
import { apiOf, copiesIn, isIdle, journalOf, mailTo, openOn, sendFrom, taskOf } from "./support/sending.ts";
import { createMailbox, type Fault, type MailServer, type Profile } from "./support/server.ts";

/** Where the mirror has a message: folders by path, and UIDs. */
const placesOf = (owner: Owner, messageId: string) =>
  insideOf(owner, (ctx) =>
    rowsOf<{ path: string; uid: number }>(
      ctx,
      "SELECT f.path, p.uid FROM places p JOIN folders f ON f.id = p.folder_id WHERE p.message_id = ? ORDER BY 1, 2",
      messageId,
    ),
  );

async function sync(owner: Owner): Promise<void> {
  const started = await apiOf(owner).sync(owner, { force: false, folders: [] });
  if (!started.ok) throw new Error(started.message);
  await expect.poll(() => taskOf(owner, started.task.taskId)).toMatchObject({ status: "success" });
}

async function sendOn(
  profile: Profile,
  faults: Omit<Fault, "protocol">[] = [],
  prepare?: (owner: Owner) => Promise<void>,
) {
  const [server, friend] = [await createMailbox({ profile }), await createMailbox()];
  for (const fault of faults) await server.plan({ protocol: "imap", ...fault });
  const owner = await openOn(server);
  await prepare?.(owner);
  const { task, messageId } = await sendFrom(owner, mailTo([friend.address]));
  await expect.poll(() => isIdle(owner), { interval: 50 }).toBe(true);
  expect(await taskOf(owner, task.taskId)).toMatchObject({ status: "success" });
  expect(await copiesIn(friend)).toBe(1);
  const { phase } = (await journalOf(owner, task.taskId)) ?? {};
  return { server, owner, messageId, phase };
}

/** The mirror has the message where the server has it, under its id, after a pass. */
async function expectSame(server: MailServer, owner: Owner, messageId: string, path = "Sent") {
  const [mail, ...others] = (await server.folder(path)).mails;
  expect(others).toEqual([]);
  await sync(owner);
  expect(await placesOf(owner, messageId)).toEqual([{ path, uid: mail?.uid }]);
  const count = await insideOf(owner, (ctx) => rowsOf(ctx, "SELECT id FROM messages"));
  expect(count).toEqual([{ id: messageId }]);
}

describe("a copy in Sent", () => {
  test.each<[string, Profile, string?]>([
    ["of an ordinary server", {}],
    ["without UIDPLUS", { lacks: ["UIDPLUS"] }],
    ["without CONDSTORE", { sync: "none" }],
    ["with ids of its own", { objectIds: true }],
    ["under another name", { folders: { "\\Sent": "Отправленные" } }, "Отправленные"],
    ["under a prefix", { prefix: "INBOX.", delimiter: "." }, "INBOX.Sent"],
    ["in a folder that is made for it", { folders: {} }, "Sent"],
  ])("%s", async (_, profile, path) => {
    const { server, owner, messageId } = await sendOn(profile);
    await expectSame(server, owner, messageId, path);
  });

  test("after a sync, in the folder that is known by then", async () => {
    const profile: Profile = { folders: { "\\Sent": "Gesendet" } };
    const { server, owner, messageId } = await sendOn(profile, [], sync);
    await expectSame(server, owner, messageId, "Gesendet");
  });

  test("is not filed where the server does, at once or late", async () => {
    for (const filesSentAfter of [0, 150]) {
      const { server, owner, messageId } = await sendOn({
        gmail: true,
        filesSentAfter,
        folders: { "\\Sent": "Sent", "\\All": "All" },
      });
      expect(await copiesIn(server, "Sent")).toBe(1);
      await sync(owner);
      const places = await placesOf(owner, messageId);
      expect(places).toContainEqual({ path: "Sent", uid: 1 });
      expect((await server.connections()).flatMap(({ commands }) => commands).join()).not.toContain("APPEND");
    }
  });

  test("is one, though the answer to APPEND is lost", async () => {
    const { server, owner, messageId, phase } = await sendOn({}, [
      { on: "APPEND", isLost: true, finally: "close" },
    ]);
    expect(phase).toBe("filed");
    await expectSame(server, owner, messageId);
  });

  test("is made later, if the server cannot now", async () => {
    const no = { on: "APPEND", answer: "NO [OVERQUOTA] Full", times: 2 };
    const { server, owner, messageId } = await sendOn({}, [no]);
    await expectSame(server, owner, messageId);
  });

  test("that cannot be made changes nothing of what was sent, and can be read", async () => {
    const { server, owner, messageId, phase } = await sendOn({}, [
      { on: "APPEND", answer: "NO [OVERQUOTA] Full", times: 0 },
    ]);
    expect(phase).toBe("accepted");
    expect(await copiesIn(server, "Sent")).toBe(0);
    await sync(owner);
    expect(await apiOf(owner).message(owner, messageId)).toMatchObject({ message: { body: "At noon?\n" } });
    const [place] = await placesOf(owner, messageId);
    expect(place?.uid).toBeLessThan(0);
  });

  test("is not made while the server cannot search: nobody could say that it is not there", async () => {
    const { server } = await sendOn({}, [{ on: "UID SEARCH", answer: "NO Cannot", times: 0 }]);
    expect(await copiesIn(server, "Sent")).toBe(0);
  });

  test("of POP3 is here alone, with its files", async () => {
    const [server, friend] = [await createMailbox(), await createMailbox()];
    const owner = await openOn(server, { protocol: "pop3" });
    const bucket = await insideOf(owner, async ({ env }) => {
      await env.ATTACHMENTS.put("mail/test/pop3", "plan");
      return env.ATTACHMENTS;
    });
    const files = [{ key: "mail/test/pop3", filename: "plan.txt", mimeType: "text/plain", size: 4 }];
    const { messageId } = await sendFrom(owner, mailTo([friend.address], { files }));
    await expect.poll(() => isIdle(owner)).toBe(true);
    await bucket.delete("mail/test/pop3");
    const found = await apiOf(owner).message(owner, messageId);
    if (!found.ok) throw new Error(found.message);
    const [attachment] = found.message.attachments;
    expect(attachment).toMatchObject({ filename: "plan.txt", size: 4 });
    const stored = await apiOf(owner).file(owner, attachment?.id ?? "");
    if (!stored.ok) throw new Error(stored.message);
    expect(await (await bucket.get(stored.file.key))?.text()).toBe("plan");
  });
});

test("a pass that finds the copy first, under an id of the server, makes one message of both", async () => {
  const profile: Profile = { objectIds: true, filesSentAfter: 0 };
  const [server, friend] = [await createMailbox({ profile }), await createMailbox()];
  const owner = await openOn(server);
  await sync(owner);
  const { messageId } = await sendFrom(owner, mailTo([friend.address, server.address]));
  await expect.poll(() => copiesIn(server, "Sent")).toBe(1);
  await sync(owner);
  await expect.poll(() => isIdle(owner)).toBe(true);
  expect(await placesOf(owner, messageId)).toContainEqual({ path: "Sent", uid: 1 });
  expect(await apiOf(owner).message(owner, messageId)).toMatchObject({ message: { body: "At noon?\n" } });
});
