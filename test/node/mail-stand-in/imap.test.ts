import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { deliver } from "../../../dev/mail/world/world.ts";
import { waitFor } from "../../support/wait.ts";
import { imapflow, imapLine, mailOf, newMailbox, PASSWORD, runMailServers } from "./running.ts";

// The IMAP server of the stand-in, as imapflow uses it, and by hand.

const running = runMailServers();

describe("signing in", () => {
  test("with a wrong password is refused as AUTHENTICATIONFAILED", async () => {
    const mailbox = newMailbox(running);
    const refused = imapflow(running, mailbox, { auth: { user: mailbox.address, pass: "wrong" } });
    await expect(refused).rejects.toMatchObject({
      authenticationFailed: true,
      serverResponseCode: "AUTHENTICATIONFAILED",
    });
  });

  test("with an access token works until it is revoked", async () => {
    const mailbox = newMailbox(running);
    mailbox.accessTokens.add("token-1");
    const auth = { user: mailbox.address, accessToken: "token-1" };
    await using client = await imapflow(running, mailbox, { auth });
    expect(client.usable).toBe(true);
    mailbox.accessTokens.clear();
    await expect(imapflow(running, mailbox, { auth })).rejects.toMatchObject({ authenticationFailed: true });
  });

  test("more often than allowed at a time is refused", async () => {
    const mailbox = newMailbox(running, { maxConnections: 1 });
    await using client = await imapflow(running, mailbox);
    await expect(imapflow(running, mailbox)).rejects.toMatchObject({ serverResponseCode: "LIMIT" });
    await client.logout();
    await waitFor(async () => (await imapflow(running, mailbox)).logout());
  });

  test.each([
    ["STARTTLS", { doSTARTTLS: true }, "imap"],
    ["TLS", { secure: true }, "imaps"],
  ] as const)("by %s is encrypted, and keeps the password out of the record", async (_, options, port) => {
    const mailbox = newMailbox(running);
    const tls = { ca: running.certificates.ca };
    await using client = await imapflow(running, mailbox, {
      ...options,
      port: running.servers.ports[port],
      tls,
    });
    expect(client.secureConnection).toBe(true);
    const [connection] = mailbox.connections;
    expect(connection).toMatchObject({ isSecure: true, protocol: "imap" });
    expect(JSON.stringify(connection?.commands)).not.toContain(PASSWORD);
  });
});

describe("what a client that comes back is told", () => {
  /** Six mails; then one is flagged, one removed and one added while the client is away. */
  async function absence(sync: "qresync" | "condstore" | "none") {
    const mailbox = newMailbox(
      running,
      { sync },
      [1, 2, 3, 4, 5, 6].map((n) => mailOf(`mail ${n}`)),
    );
    const { inbox } = mailbox;
    const since = BigInt(inbox.modseq);
    inbox.setFlags(inbox.find(2)!, new Set(["\\Flagged"]));
    inbox.remove([inbox.find(4)!]);
    deliver(mailbox, inbox, { raw: Buffer.from(mailOf("mail 7")) });
    return { mailbox, since };
  }

  test("with QRESYNC: what changed, and what vanished", async () => {
    const { mailbox, since } = await absence("qresync");
    await using client = await imapflow(running, mailbox);
    const vanished: number[] = [];
    client.on("expunge", ({ uid }) => vanished.push(uid!));
    await client.mailboxOpen("INBOX");
    const changed = await client.fetchAll(
      "1:*",
      { uid: true, flags: true },
      { uid: true, changedSince: since },
    );
    expect(changed.map(({ uid, flags }) => [uid, [...flags!]])).toEqual([
      [2, ["\\Flagged"]],
      [7, []],
    ]);
    expect(vanished).toEqual([4]);
  });

  test("with CONDSTORE: what changed alone", async () => {
    const { mailbox, since } = await absence("condstore");
    await using client = await imapflow(running, mailbox);
    expect(client.capabilities.has("QRESYNC")).toBe(false);
    await client.mailboxOpen("INBOX");
    const changed = await client.fetchAll("1:*", { uid: true }, { uid: true, changedSince: since });
    expect(changed.map(({ uid }) => uid)).toEqual([2, 7]);
    expect(await client.search({ all: true }, { uid: true })).toEqual([1, 2, 3, 5, 6, 7]);
  });

  test("with neither: nothing, and no MODSEQ", async () => {
    const { mailbox } = await absence("none");
    await using client = await imapflow(running, mailbox);
    const { highestModseq } = await client.mailboxOpen("INBOX");
    expect(highestModseq).toBeUndefined();
    const status = await client.status("INBOX", { messages: true, unseen: true, highestModseq: true });
    expect(status).toMatchObject({ messages: 6, unseen: 6 });
    expect(status).not.toHaveProperty("highestModseq");
  });

  test("SELECT with QRESYNC tells it at once, within the known UIDs", async () => {
    const { mailbox, since } = await absence("qresync");
    mailbox.inbox.remove([mailbox.inbox.find(6)!]);
    using line = await imapLine(running, mailbox);
    await line.ask("b ENABLE QRESYNC\r\n", /^b .*\r\n$/m);
    const { uidValidity } = mailbox.inbox;
    const answer = await line.ask(
      `c SELECT INBOX (QRESYNC (${uidValidity} ${since} 1:5))\r\n`,
      /^c .*\r\n$/m,
    );
    expect(answer).toContain("* VANISHED (EARLIER) 4\r\n");
    expect(answer).toMatch(/^\* 2 FETCH \(UID 2 FLAGS \(\\Flagged\) MODSEQ \(\d+\)\)\r$/m);
    const other = await line.ask(`d SELECT INBOX (QRESYNC (1 ${since}))\r\n`, /^d .*\r\n$/m);
    expect(other).not.toContain("VANISHED");
  });
});

describe("changes", () => {
  test("flags, keywords, moves and copies are made, and told to the other client", async () => {
    const mailbox = newMailbox(running, {}, [mailOf("one"), mailOf("two")]);
    await using watcher = await imapflow(running, mailbox);
    await watcher.mailboxOpen("INBOX");
    const told: unknown[] = [];
    watcher.on("flags", ({ uid, flags }) => told.push([uid, [...flags]]));
    watcher.on("expunge", ({ uid }) => told.push(["gone", uid]));
    await using client = await imapflow(running, mailbox);
    await client.mailboxOpen("INBOX");
    await client.messageFlagsAdd("1", ["\\Seen", "$Work"], { uid: true });
    const moved = await client.messageMove("2", "Trash", { uid: true });
    expect(moved).toMatchObject({ uidMap: new Map([[2, 1]]) });
    const copied = await client.messageCopy("1", "Sent", { uid: true });
    expect(copied).toMatchObject({ uidMap: new Map([[1, 1]]) });
    await watcher.noop();
    expect(told).toEqual([
      ["gone", 2],
      [1, ["\\Seen", "$Work"]],
    ]);
    expect(mailbox.folder("Sent").mails[0]?.flags).toEqual(new Set(["\\Seen", "$Work"]));
  });

  test("keywords are dropped where the server has none", async () => {
    const mailbox = newMailbox(running, { keywords: false }, [mailOf("one")]);
    await using client = await imapflow(running, mailbox);
    const { permanentFlags } = await client.mailboxOpen("INBOX");
    expect(permanentFlags?.has("\\*")).toBe(false);
    await client.messageFlagsAdd("1", ["\\Flagged", "$Work"], { uid: true });
    expect(mailbox.inbox.mails[0]?.flags).toEqual(new Set(["\\Flagged"]));
  });

  test("UNCHANGEDSINCE leaves what has changed meanwhile", async () => {
    const mailbox = newMailbox(running, {}, [mailOf("one"), mailOf("two")]);
    const { inbox } = mailbox;
    const since = inbox.modseq;
    inbox.setFlags(inbox.find(1)!, new Set(["\\Flagged"]));
    using line = await imapLine(running, mailbox);
    await line.ask("b SELECT INBOX\r\n", /^b .*\r\n$/m);
    const answer = await line.ask(
      `c UID STORE 1:2 (UNCHANGEDSINCE ${since}) +FLAGS.SILENT (\\Seen)\r\n`,
      /^c .*\r\n$/m,
    );
    expect(answer).toMatch(/^c OK \[MODIFIED 1\]/m);
    expect(inbox.mails.map(({ flags }) => [...flags])).toEqual([["\\Flagged"], ["\\Seen"]]);
  });

  test("a message is appended with flags and date, and IDLE tells of it at once", async () => {
    const mailbox = newMailbox(running);
    await using watcher = await imapflow(running, mailbox);
    await watcher.mailboxOpen("INBOX");
    const exists = new Promise((resolve) => watcher.on("exists", resolve));
    void watcher.idle();
    await waitFor(() => expect(mailbox.connections[0]?.commands).toContain("IDLE"));
    await using client = await imapflow(running, mailbox);
    const date = new Date("2020-02-29T10:00:00Z");
    const raw = Buffer.concat([Buffer.from(mailOf("Привет")), Buffer.from([0xff, 0x80])]);
    const appended = await client.append("INBOX", raw, ["\\Seen"], date);
    expect(appended).toMatchObject({ uid: 1, uidValidity: BigInt(mailbox.inbox.uidValidity) });
    await exists;
    const [mail] = mailbox.inbox.mails;
    expect(mail).toMatchObject({ flags: new Set(["\\Seen"]), receivedAt: date.getTime() });
    expect(mail?.raw.equals(raw)).toBe(true);
  });

  test("numbers do not shift within FETCH, STORE and SEARCH", async () => {
    const mailbox = newMailbox(running, { sync: "none" }, [mailOf("one"), mailOf("two"), mailOf("three")]);
    using line = await imapLine(running, mailbox);
    await line.ask("b SELECT INBOX\r\n", /^b .*\r\n$/m);
    mailbox.inbox.remove([mailbox.inbox.find(1)!]);
    expect(await line.ask("c FETCH 2 (UID)\r\n", /^c .*\r\n$/m)).toBe(
      "* 2 FETCH (UID 2)\r\nc OK Fetch completed.\r\n",
    );
    expect(await line.ask("d NOOP\r\n", /^d .*\r\n$/m)).toContain("* 1 EXPUNGE\r\n");
    expect(await line.ask("e FETCH 2 (UID)\r\n", /^e .*\r\n$/m)).toContain("* 2 FETCH (UID 3)\r\n");
  });
});

describe("folders", () => {
  test("have names in any script, and keep their messages when they are renamed", async () => {
    const mailbox = newMailbox(running);
    await using client = await imapflow(running, mailbox);
    await client.mailboxCreate("Отчёты & счета/2026");
    deliver(mailbox, mailbox.folder("Отчёты & счета/2026"), { raw: Buffer.from(mailOf("x")) });
    await client.mailboxRename("Отчёты & счета", "Архив");
    const paths = (await client.list()).map(({ path, specialUse }) => [path, specialUse]);
    expect(paths).toContainEqual(["Архив/2026", undefined]);
    expect(paths).toContainEqual(["Sent", "\\Sent"]);
    expect(await client.status("Архив/2026", { messages: true })).toMatchObject({ messages: 1 });
    await client.mailboxDelete("Архив/2026");
    expect((await client.list()).map(({ path }) => path)).not.toContain("Архив/2026");
  });

  test("may all be below INBOX, with dots", async () => {
    const mailbox = newMailbox(running, { prefix: "INBOX.", delimiter: ".", lacks: ["SPECIAL-USE"] });
    await using client = await imapflow(running, mailbox);
    const list = await client.list();
    expect(list.map(({ path }) => path)).toEqual(
      expect.arrayContaining(["INBOX", "INBOX.Sent", "INBOX.Drafts", "INBOX.Trash", "INBOX.Junk"]),
    );
    expect(list.find(({ path }) => path === "INBOX.Sent")?.delimiter).toBe(".");
  });

  test("show their last messages alone where the server has a window", async () => {
    const mailbox = newMailbox(running, { window: 2 }, [mailOf("1"), mailOf("2"), mailOf("3")]);
    await using client = await imapflow(running, mailbox);
    const { exists } = await client.mailboxOpen("INBOX");
    expect(exists).toBe(2);
    deliver(mailbox, mailbox.inbox, { raw: Buffer.from(mailOf("4")) });
    await client.noop();
    expect(await client.search({ all: true }, { uid: true })).toEqual([3, 4]);
  });
});

test("searches look into decoded headers and texts, dates, sizes, flags and UIDs", async () => {
  const encoded = `=?koi8-r?B?${Buffer.from([0xf0, 0xd2, 0xc9, 0xd7, 0xc5, 0xd4]).toString("base64")}?=`;
  const quoted =
    "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n";
  const mailbox = newMailbox(running, {}, [
    mailOf(encoded),
    `Subject: second\r\n${quoted}=D0=9F=D1=80=D0=B8=\r\n=D0=B2=D0=B5=D1=82\r\n`,
    mailOf("third", "x".repeat(5000)),
  ]);
  const { inbox } = mailbox;
  inbox.find(3)!.receivedAt = Date.parse("2020-05-05T12:00:00Z");
  inbox.setFlags(inbox.find(2)!, new Set(["\\Seen", "$Work"]));
  await using client = await imapflow(running, mailbox);
  await client.mailboxOpen("INBOX");
  const found = (query: object) => client.search(query, { uid: true });
  expect(await found({ subject: "привет" })).toEqual([1]);
  expect(await found({ body: "привет" })).toEqual([2]);
  expect(await found({ header: { "message-id": "<third@x>" } })).toEqual([3]);
  expect(await found({ since: new Date("2020-05-06") })).toEqual([1, 2]);
  expect(await found({ on: new Date("2020-05-05") })).toEqual([3]);
  expect(await found({ larger: 4000 })).toEqual([3]);
  expect(await found({ or: [{ keyword: "$Work" }, { from: "ali@", larger: 4000 }] })).toEqual([2, 3]);
  expect(await found({ not: { seen: true } })).toEqual([1, 3]);
  expect(await found({ uid: "2:*" })).toEqual([2, 3]);
  expect(await found({ modseq: BigInt(inbox.modseq) })).toEqual([2]);
});

test("10,000 messages are fetched and compressed within seconds", async () => {
  const mailbox = newMailbox(
    running,
    {},
    Array.from({ length: 10_000 }, (_, n) => mailOf(`mail ${n}`)),
  );
  await using client = await imapflow(running, mailbox);
  await client.mailboxOpen("INBOX");
  const startedAt = Date.now();
  let count = 0;
  for await (const { envelope } of client.fetch("1:*", { uid: true, envelope: true, bodyStructure: true })) {
    if (envelope?.subject) count++;
  }
  expect(count).toBe(10_000);
  expect(Date.now() - startedAt).toBeLessThan(30_000);
  expect(mailbox.connections[0]?.commands).toContain("COMPRESS DEFLATE");
});

test("an unknown or malformed command is answered BAD, and the connection goes on", async () => {
  using line = await imapLine(running, newMailbox(running));
  for (const command of ["XYZ", "FETCH 1 (UID)", "SELECT", "UID FETCH x (UID)", "STATUS INBOX"]) {
    expect(await line.ask(`b ${command}\r\n`, /^b .*\r\n$/m)).toMatch(/^b BAD /m);
  }
  expect(await line.ask("c SELECT Nowhere\r\n", /^c .*\r\n$/m)).toMatch(/^c NO \[NONEXISTENT\]/m);
  expect(await line.ask("d NOOP\r\n", /^d .*\r\n$/m)).toMatch(/^d OK/m);
});

test("a client that disappears within a literal, or while it idles, leaves nothing open", async () => {
  const mailbox = newMailbox(running);
  {
    using line = await imapLine(running, mailbox);
    await line.ask("b APPEND INBOX {100}\r\n", /^\+/m);
    using idling = await imapLine(running, mailbox);
    await idling.ask("b IDLE\r\n", /^\+/m);
  }
  await waitFor(() => expect(mailbox.connections.every(({ isOpen }) => !isOpen)).toBe(true));
  await sleep(0);
  expect(mailbox.inbox.mails).toEqual([]);
});
