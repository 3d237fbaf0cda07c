import { createTransport } from "nodemailer";
import { describe, expect, test } from "vitest";
import type { Mailbox } from "../../../dev/mail/world/mailbox.ts";
import { restore, takeSnapshot } from "../../../dev/mail/world/snapshot.ts";
import { deliver, World } from "../../../dev/mail/world/world.ts";
import { waitFor } from "../../support/wait.ts";
import { imapflow, mailOf, newMailbox, PASSWORD, runMailServers } from "./running.ts";

// What the servers share: mails that are sent, the labels of Gmail, and the memory of a world.

const running = runMailServers();

describe("a mail that is sent", () => {
  const send = (sender: Mailbox, to: string[], more: object = {}) =>
    createTransport({
      host: "localhost",
      port: running.servers.ports.smtp,
      requireTLS: true,
      tls: { ca: running.certificates.ca },
      auth: { user: sender.address, pass: PASSWORD },
    }).sendMail({
      from: sender.address,
      to,
      bcc: ["hidden@elsewhere.example"],
      subject: "Salom",
      text: ".\n..dots",
      ...more,
    });

  test("arrives at mailboxes and goes out to others, without its Bcc", async () => {
    const [sender, other] = [newMailbox(running), newMailbox(running)];
    running.outgoing.length = 0;
    await send(sender, [other.address]);
    const [mail] = other.inbox.mails;
    expect(String(mail?.raw)).toMatch(/\r\n\r\n\.\r\n\.\.dots\r\n$/);
    expect(String(mail?.raw)).not.toContain("hidden");
    expect(running.outgoing).toMatchObject([
      { envelope: { from: sender.address, to: ["hidden@elsewhere.example"] } },
    ]);
    expect(sender.folder("Sent").mails).toEqual([]);
  });

  test("is put into Sent by a server that does so, later", async () => {
    const sender = newMailbox(running, { filesSentAfter: 20 });
    await send(sender, [sender.address]);
    expect(sender.inbox.mails).toHaveLength(1);
    await waitFor(() => expect(sender.folder("Sent").mails).toMatchObject([{ flags: new Set(["\\Seen"]) }]));
  });

  test("is refused when it is too large, and without signing in", async () => {
    const sender = newMailbox(running, { sizeLimit: 1000 });
    await expect(send(sender, ["a@x.example"], { text: "x".repeat(2000) })).rejects.toMatchObject({
      responseCode: 552,
    });
    const open = createTransport({ host: "localhost", port: running.servers.ports.smtp, ignoreTLS: true });
    await expect(open.sendMail({ from: "a@x.example", to: "b@x.example" })).rejects.toMatchObject({
      responseCode: 530,
    });
  });
});

describe("labels, as Gmail has them", () => {
  const folders = {
    "\\All": "[Gmail]/All Mail",
    "\\Sent": "[Gmail]/Sent Mail",
    "\\Junk": "[Gmail]/Spam",
    "\\Trash": "[Gmail]/Trash",
  };
  const subjectsIn = (mailbox: Mailbox) =>
    Object.fromEntries([...mailbox.folders].map(([path, { mails }]) => [path, mails.length]));

  test("a message is in All Mail once, with the same flags and id in every folder", async () => {
    const mailbox = newMailbox(running, { gmail: true, folders }, [mailOf("one")]);
    await using client = await imapflow(running, mailbox);
    await client.mailboxOpen("INBOX");
    await client.messageFlagsAdd("1", ["Work"], { uid: true, useLabels: true });
    await client.messageFlagsAdd("1", ["\\Flagged"], { uid: true });
    const inInbox = await client.fetchOne("1", {
      uid: true,
      labels: true,
      threadId: true,
      emailId: true,
    } as never);
    await client.mailboxOpen("[Gmail]/All Mail");
    const inAll = await client.fetchOne("1", { flags: true, labels: true } as never);
    if (!inInbox || !inAll) throw new Error("The message is not there");
    expect(inAll.labels).toEqual(new Set(["\\Inbox", "Work"]));
    expect(inAll.flags).toEqual(new Set(["\\Flagged"]));
    expect(inInbox.emailId).toBe(inAll.emailId);
    expect(subjectsIn(mailbox)).toMatchObject({ INBOX: 1, Work: 1, "[Gmail]/All Mail": 1 });
    await client.messageFlagsSet("1", ["\\Inbox", "Ҳисоб"], { uid: true, useLabels: true });
    expect(subjectsIn(mailbox)).toMatchObject({ INBOX: 1, Work: 0, Ҳисоб: 1, "[Gmail]/All Mail": 1 });
  });

  test("without a label it stays in All Mail; in Trash it is nowhere else", async () => {
    const mailbox = newMailbox(running, { gmail: true, folders }, [mailOf("one"), mailOf("two")]);
    await using client = await imapflow(running, mailbox);
    await client.mailboxOpen("INBOX");
    await client.messageFlagsAdd("1", ["\\Deleted"], { uid: true });
    await client.messageDelete("1", { uid: true });
    await client.messageMove("2", "[Gmail]/Trash", { uid: true });
    expect(subjectsIn(mailbox)).toMatchObject({ INBOX: 0, "[Gmail]/All Mail": 1, "[Gmail]/Trash": 1 });
  });
});

test("a world that is restored from its snapshot is the same to a client that comes back", async () => {
  const world = new World();
  const before = world.addMailbox("a@x.example", PASSWORD, { sync: "condstore" });
  const bytes = Buffer.concat([Buffer.from("Subject: x\r\n\r\n"), Buffer.from([0, 128, 255, 13, 10])]);
  for (const flags of [[], ["\\Seen", "kw"], []]) deliver(before, before.inbox, { raw: bytes, flags });
  before.create({ path: "Отчёты", specialUse: "\\Archive" });
  before.inbox.remove([before.inbox.find(3)!]);

  const later = new World();
  restore(later, JSON.parse(JSON.stringify(takeSnapshot(world))));
  const after = later.find("A@x.example")!;
  expect(takeSnapshot(later)).toEqual(takeSnapshot(world));
  expect(after.inbox.mails[0]?.raw.equals(bytes)).toBe(true);
  expect(deliver(after, after.inbox, { raw: bytes })).toMatchObject({ uid: 4 });
  expect(after.create({ path: "New" }).uidValidity).toBeGreaterThan(after.folder("Отчёты").uidValidity);
  // An id that a message has already would make two messages one.
  const ids = [...after.folders.values()].flatMap(({ mails }) => mails.map(({ emailId }) => emailId));
  expect(new Set(ids).size).toBe(ids.length);
});
