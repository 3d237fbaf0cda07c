import { describe, expect, it } from "vitest";
import { mailboxOf } from "./support/mailbox.ts";
import { createMailbox, type Profile } from "./support/server.ts";
import {
  changesOf,
  expectSound,
  folderIdOf,
  idAt,
  listingOf,
  mail,
  mails,
  mirrorOf,
  openMailbox,
  syncNow,
} from "./support/syncing.ts";

it("a folder is there, subscribed to or not, also if one below it is", async () => {
  const server = await createMailbox({ profile: { sync: "none", lacks: ["LIST-EXTENDED"] } });
  await server.createFolder("Work", { isSubscribed: false });
  await server.deliver(mail("kept"), "Work");
  const owner = await openMailbox(server);
  await syncNow(owner);
  await server.createFolder("Work/Plans");
  await syncNow(owner);
  expect(await mirrorOf(owner)).toEqual(await listingOf(server));
});

const WAYS: NonNullable<Profile["sync"]>[] = ["qresync", "condstore", "none"];

describe.each(WAYS)("with %s", (sync) => {
  const open = async (count: number) => {
    const server = await createMailbox({ profile: { sync } });
    if (count > 0) await server.deliver(mails(count));
    const owner = await openMailbox(server);
    await syncNow(owner);
    return { server, owner };
  };

  it("the first sync has all there is, and logs no changes", async () => {
    const { server, owner } = await open(650);
    expect(await mirrorOf(owner)).toEqual(await listingOf(server));
    await expectSound(owner);
    expect(await changesOf(owner)).toEqual([]);
  });

  it("a mail that comes is found, with its words", async () => {
    const { server, owner } = await open(3);
    await server.deliver(mail("new"));
    const task = await syncNow(owner);
    expect(task.result).toMatchObject({ messagesAdded: 1, messagesUpdated: 0, messagesRemoved: 0 });
    expect(await mirrorOf(owner)).toEqual(await listingOf(server));
    const listed = await mailboxOf(owner).messages(owner, {
      folderId: await folderIdOf(owner, "INBOX"),
      limit: 1,
      offset: 0,
      sort: "receivedAt:desc",
      filter: "all",
    });
    expect(listed).toMatchObject({
      ok: true,
      total: 4,
      messages: [{ subject: "Mail new", from: "ann@demo.example", preview: "Hello, this is mail new." }],
    });
    expect((await changesOf(owner)).map(({ kind }) => kind)).toEqual(["created"]);
  });

  it("flags that another client sets and clears are taken over", async () => {
    const { server, owner } = await open(5);
    await server.flag([1, 2], { add: ["\\Seen", "\\Flagged", "work"] });
    expect((await syncNow(owner)).result).toMatchObject({ messagesUpdated: 2 });
    await server.flag([1], { remove: ["\\Seen", "work"] });
    await syncNow(owner);
    expect(await mirrorOf(owner)).toEqual(await listingOf(server));
    await expectSound(owner);
  });

  it("what is gone leaves its folder, and is missing", async () => {
    const { server, owner } = await open(5);
    await server.expunge([2, 4]);
    expect((await syncNow(owner)).result).toMatchObject({ messagesRemoved: 2 });
    expect(await mirrorOf(owner)).toEqual(await listingOf(server));
    await expectSound(owner);
    expect((await changesOf(owner)).map(({ kind }) => kind)).not.toContain("deleted");
  });

  it("a message that is moved keeps its id, and nothing is created or deleted", async () => {
    const { server, owner } = await open(4);
    const id = await idAt(owner, 3);
    await server.createFolder("Archive");
    const [there] = await server.move([3], "Archive");
    await syncNow(owner);
    expect(await idAt(owner, there!, "Archive")).toBe(id);
    const [back] = await server.move([there!], "INBOX", "Archive");
    await syncNow(owner);
    expect(await idAt(owner, back!)).toBe(id);
    expect(await mirrorOf(owner)).toEqual(await listingOf(server));
    expect((await changesOf(owner)).filter(({ kind }) => kind !== "updated")).toEqual([]);
  });

  it("a message that went and came back between two passes keeps its id", async () => {
    const { server, owner } = await open(3);
    const id = await idAt(owner, 2);
    await server.createFolder("Archive");
    const [there] = await server.move([2], "Archive");
    const [back] = await server.move([there!], "INBOX", "Archive");
    await syncNow(owner);
    expect(await idAt(owner, back!)).toBe(id);
    expect(await mirrorOf(owner)).toEqual(await listingOf(server));
  });

  it("a copy is the same message in a second folder", async () => {
    const { server, owner } = await open(2);
    await server.createFolder("Archive");
    const [copy] = await server.copy([1], "Archive");
    await syncNow(owner);
    expect(await idAt(owner, copy!, "Archive")).toBe(await idAt(owner, 1));
    await server.expunge([1]);
    await syncNow(owner);
    expect(await mirrorOf(owner)).toEqual(await listingOf(server));
    await expectSound(owner);
  });

  it("a new UIDVALIDITY changes UIDs, and no id", async () => {
    const { server, owner } = await open(120);
    const ids = await Promise.all([1, 60, 120].map((uid) => idAt(owner, uid)));
    await server.renumber();
    await server.deliver(mail("new"));
    await server.flag([(await server.folder()).mails[0]!.uid], { add: ["\\Seen"] });
    await syncNow(owner);
    await syncNow(owner);
    expect(await mirrorOf(owner)).toEqual(await listingOf(server));
    const { mails: now } = await server.folder();
    expect(await Promise.all([0, 59, 119].map((i) => idAt(owner, now[i]!.uid)))).toEqual(ids);
    expect((await changesOf(owner)).filter(({ kind }) => kind === "deleted")).toEqual([]);
    expect((await changesOf(owner)).filter(({ kind }) => kind === "created")).toHaveLength(1);
    await expectSound(owner);
  });

  it("what has gone with the old UIDVALIDITY is missing", async () => {
    const { server, owner } = await open(10);
    await server.expunge([5]);
    await server.renumber();
    await syncNow(owner);
    await syncNow(owner);
    expect(await mirrorOf(owner)).toEqual(await listingOf(server));
    await expectSound(owner);
  });

  it("folders that are made, renamed and deleted meanwhile are so here", async () => {
    const { server, owner } = await open(2);
    await server.createFolder("Projects");
    await server.deliver([mail("a"), mail("b")], "Projects");
    await syncNow(owner);
    const id = await idAt(owner, 1, "Projects");
    await server.renameFolder("Projects", "Old projects");
    await syncNow(owner);
    expect(await idAt(owner, 1, "Old projects")).toBe(id);
    expect(await mirrorOf(owner)).toEqual(await listingOf(server));
    await server.deleteFolder("Old projects");
    await syncNow(owner);
    expect(await mirrorOf(owner)).toEqual(await listingOf(server));
    await expectSound(owner);
  });

  it("more than 50 that are gone at once, and a fifth of the folder, have to be gone twice", async () => {
    const { server, owner } = await open(100);
    await server.expunge(Array.from({ length: 60 }, (_, i) => i + 1));
    expect((await syncNow(owner)).result).toMatchObject({ messagesRemoved: 0 });
    await server.deliver(mail("new"));
    expect((await syncNow(owner)).result).toMatchObject({ messagesAdded: 1, messagesRemoved: 60 });
    expect(await mirrorOf(owner)).toEqual(await listingOf(server));
    await expectSound(owner);
  });

  it("names in other alphabets, long ones and those with signs are as the server has them", async () => {
    const names = ["Отчёты", "Отчёты/2024 & 2025", "日本語", 'With "quotes" \\ and %', "x".repeat(200)];
    const { server, owner } = await open(0);
    for (const name of names) {
      await server.createFolder(name);
      await server.deliver(mail(name.slice(0, 10).length + names.indexOf(name)), name);
    }
    await syncNow(owner);
    expect(await mirrorOf(owner)).toEqual(await listingOf(server));
  });
});
