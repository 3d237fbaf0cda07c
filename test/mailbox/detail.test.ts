import { describe, expect, it } from "vitest";
import { bindings } from "./support/mailbox.ts";
import { insideOf } from "./support/quiet.ts";
import { createMailbox } from "./support/server.ts";
import { granted, syncedMailbox } from "./support/synced.ts";

const LETTER = [
  "From: Dilnoza <dilnoza@sender.example>",
  "To: sardor@demo.example",
  "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=",
  "Message-ID: <letter@sender.example>",
  "X-Way: first",
  "X-Way: second",
  "Content-Type: multipart/mixed; boundary=outer",
  "",
  "--outer",
  "Content-Type: multipart/alternative; boundary=inner",
  "",
  "--inner",
  "Content-Type: text/plain; charset=koi8-r",
  "Content-Transfer-Encoding: quoted-printable",
  "",
  "=F0=D2=C9=D7=C5=D4",
  "--inner",
  "Content-Type: text/html; charset=utf-8",
  "",
  '<p onclick="x()">Привет</p>',
  "--inner--",
  "--outer",
  'Content-Type: application/pdf; name="bill.pdf"',
  "Content-Disposition: attachment",
  "Content-Transfer-Encoding: base64",
  "",
  "SGVsbG8gV29ybGQ=",
  "--outer--",
  "",
].join("\r\n");

/** The items of FETCH commands that ask for bytes of a message. */
const sectionsIn = (commands: string[]): string[] =>
  commands.flatMap((command) => command.match(/BODY\.PEEK\[[^\]]*\]|BODY\[[^\]]*\]|RFC822\b(?!\.)/g) ?? []);

/** What was asked for beside the first look at a message, which has fields of its header and its first words. */
async function sectionsAsked(server: Awaited<ReturnType<typeof createMailbox>>): Promise<string[]> {
  const commands = (await server.connections()).flatMap((connection) => connection.commands);
  return sectionsIn(commands.filter((command) => !command.includes("HEADER.FIELDS")));
}

async function letter(raw: string | Uint8Array = LETTER) {
  const server = await createMailbox();
  const [uid = 0] = await server.deliver([{ raw }]);
  const account = await syncedMailbox(server);
  const [message] = await account.list("INBOX");
  return { server, uid, account, id: message!.id };
}

describe("refusals", () => {
  it("an unknown message, and one of another mailbox, are NOT_FOUND", async () => {
    const [one, other] = [await letter(), await letter()];
    const refused = { ok: false, code: "NOT_FOUND" };
    const { mailbox, owner } = one.account;
    expect(await mailbox.message(owner, other.id)).toMatchObject(refused);
    expect(await mailbox.message(owner, "nothing")).toMatchObject(refused);
  });

  it("a message that was deleted elsewhere is NOT_FOUND, before a sync and after", async () => {
    const { server, uid, account, id } = await letter();
    await server.expunge([uid]);
    const ask = () => account.mailbox.message(account.owner, id);
    expect(await ask()).toMatchObject({ ok: false, code: "NOT_FOUND" });
    await account.sync();
    expect(await ask()).toMatchObject({ ok: false, code: "NOT_FOUND" });
  });

  it("a server that cannot be reached is told, and the next try reads the message", async () => {
    const { server, account, id } = await letter();
    await server.plan({ protocol: "imap", on: "UID FETCH", finally: "close", answer: "" });
    const ask = () => account.mailbox.message(account.owner, id);
    expect(await ask()).toMatchObject({ ok: false, code: "CONNECTION_FAILED" });
    expect(await ask()).toMatchObject({ ok: true, message: { body: "Привет" } });
  });
});

describe("a message", () => {
  it("has text, HTML as it came, headers, files and a conversation", async () => {
    const { account, id } = await letter();
    const message = await account.read(id);
    const inbox = (await account.folders()).find(({ type }) => type === "inbox");
    expect(message).toMatchObject({
      subject: "Grüße",
      body: "Привет",
      bodyHtml: '<p onclick="x()">Привет</p>',
      isTruncated: false,
      isRead: false,
      folderIds: [inbox!.id],
      labelsSynced: true,
      conversationId: expect.stringMatching(/^c[0-9a-z]{24}$/),
    });
    expect(message.headers).toMatchObject({
      "X-Way": "first\nsecond",
      Subject: "=?utf-8?q?Gr=C3=BC=C3=9Fe?=",
    });
    expect(message.attachments).toEqual([
      {
        id: `${account.owner.accountId}-${id}-2`,
        messageId: id,
        filename: "bill.pdf",
        mimeType: "application/pdf",
        size: expect.any(Number),
        contentId: null,
        isInline: false,
      },
    ]);
  });

  it("is read by its parts, once, and stays unread", async () => {
    const { server, uid, account, id } = await letter();
    const first = await account.read(id);
    expect(await account.read(id)).toEqual(first);
    expect(await sectionsAsked(server)).toEqual(["BODY.PEEK[HEADER]", "BODY.PEEK[1.1]", "BODY.PEEK[1.2]"]);
    expect((await server.folder()).mails).toMatchObject([{ uid, flags: [] }]);
  });

  it("without a text has its HTML as body; with neither, nothing", async () => {
    const html = await letter("From: a@b.example\r\nSubject: x\r\nContent-Type: text/html\r\n\r\n<b>Hi</b>");
    expect(await html.account.read(html.id)).toMatchObject({ body: "<b>Hi</b>", bodyHtml: "<b>Hi</b>" });
    const none = await letter("From: a@b.example\r\nSubject: x\r\nContent-Type: image/png\r\n\r\nxx");
    expect(await none.account.read(none.id)).toMatchObject({ body: "", bodyHtml: null });
  });

  it("is shown in lists with the first words of its body, once it was read", async () => {
    const { account, id } = await letter();
    await account.read(id);
    expect(await account.list("INBOX")).toMatchObject([{ preview: "Привет" }]);
  });

  it("that was moved elsewhere is read where it is now, after a sync", async () => {
    const { server, uid, account, id } = await letter();
    await server.createFolder("Work");
    await server.move([uid], "Work");
    await account.sync();
    const message = await account.read(id);
    const work = (await account.folders()).find(({ name }) => name === "Work");
    expect(message).toMatchObject({ body: "Привет", folderId: work!.id, folderIds: [work!.id] });
  });

  it("in a folder that was renumbered is read after the next sync, and never another in its place", async () => {
    const { server, account, id } = await letter();
    await server.deliver(LETTER.replace("letter@", "another@").replace("=F0=D2=C9=D7=C5=D4", "Another"));
    await server.renumber();
    const answer = await account.mailbox.message(account.owner, id);
    expect(answer).toMatchObject({ ok: false, code: "CONNECTION_FAILED" });
    await account.sync();
    expect(await account.read(id)).toMatchObject({ body: "Привет" });
  });
});

describe("a large body", () => {
  const large = (megabytes: number) =>
    `From: a@b.example\r\nSubject: x\r\n\r\n${"0123456789abcde\r\n".repeat((megabytes << 20) / 17)}`;

  it("over 64 KB is kept in the bucket", async () => {
    const { account, id } = await letter(large(1));
    const first = await account.read(id);
    expect(first.body).toHaveLength(Math.floor((1 << 20) / 17) * 16);
    const key = `mail/${account.owner.accountId}/${id}/body`;
    expect(await bindings.ATTACHMENTS.head(key)).not.toBeNull();
    const row = await insideOf(account.owner, (ctx) => ctx.sql.exec("SELECT text, key FROM bodies").one());
    expect(row).toEqual({ text: null, key });
    expect(await account.read(id)).toEqual(first);
  });

  it("that the bucket has lost is read again", async () => {
    const { account, id } = await letter(large(1));
    const first = await account.read(id);
    await bindings.ATTACHMENTS.delete(`mail/${account.owner.accountId}/${id}/body`);
    expect(await account.read(id)).toEqual(first);
  });

  it("over 5 MB is cut, and says so", async () => {
    const { account, id } = await letter(large(6));
    const message = granted(await account.mailbox.message(account.owner, id)).message;
    expect(message.isTruncated).toBe(true);
    expect(message.body.length).toBeGreaterThan(4 << 20);
    expect(message.body.length).toBeLessThanOrEqual(5 << 20);
  });
});
