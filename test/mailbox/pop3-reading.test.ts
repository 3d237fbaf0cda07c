import { beforeEach, expect, test } from "vitest";
import type { Owner } from "../../src/mailbox/contract.ts";
import { syncPop } from "../../src/mailbox/sync/pop-pass.ts";
import { Progress } from "../../src/mailbox/sync/progress.ts";
import { rowsOf } from "../../src/platform/rows.ts";
import { bindings, mailboxOf, newOwner } from "./support/mailbox.ts";
import { insideOf } from "./support/quiet.ts";
import { createMailbox, type MailServer } from "./support/server.ts";

let server: MailServer;
let owner: Owner;

beforeEach(async () => {
  server = await createMailbox();
  owner = newOwner();
  const settings = server.settings({ protocol: "pop3", isEnabled: false });
  const opened = await mailboxOf(owner).configure(owner, settings, { password: server.password });
  if (!opened.ok) throw new Error(opened.message);
});

/** All bytes, so that a decoder that changes one is seen. */
const FILE = Uint8Array.from({ length: 5000 }, (_, at) => (at * 7) % 256);

const MAIL = [
  "From: =?koi8-r?B?8NLJ18XU?= <ali@bozor.example>",
  "To: sardor@demo.example",
  "Subject: =?utf-8?Q?=D0=A1=D1=87=D1=91=D1=82?=",
  "Message-ID: <invoice@bozor.example>",
  "Date: Mon, 23 Nov 2026 10:00:00 +0500",
  'Content-Type: multipart/mixed; boundary="b"',
  "",
  "--b",
  "Content-Type: text/plain; charset=windows-1251",
  "Content-Transfer-Encoding: quoted-printable",
  "",
  "=CF=F0=E8=E2=E5=F2",
  "--b",
  "Content-Type: text/csv; name=prices.csv",
  "Content-Disposition: attachment",
  "",
  "a;b",
  "1;2",
  "",
  "--b",
  "Content-Type: application/octet-stream",
  "Content-Disposition: attachment; filename*=utf-8''%D0%A1%D1%87%D1%91%D1%82.bin",
  "Content-Transfer-Encoding: base64",
  "",
  FILE.toBase64().replaceAll(/.{76}/g, "$&\r\n"),
  "--b--",
  "",
].join("\r\n");

/** Reads all mails. @returns the ids, the newest first */
async function read(): Promise<string[]> {
  await insideOf(owner, async (ctx) => {
    while (!(await syncPop(ctx, new Progress(ctx, []))).isComplete);
  });
  return insideOf(owner, (ctx) =>
    rowsOf<{ id: string }>(
      ctx,
      "SELECT m.id FROM messages m JOIN places p ON p.message_id = m.id ORDER BY p.uid",
    ).map(({ id }) => id),
  );
}

async function messageOf(id: string) {
  const found = await mailboxOf(owner).message(owner, id);
  if (!found.ok) throw new Error(found.message);
  return found.message;
}

async function bytesOf(attachmentId: string): Promise<Uint8Array> {
  const stored = await mailboxOf(owner).file(owner, attachmentId);
  if (!stored.ok) throw new Error(stored.message);
  const object = await bindings.ATTACHMENTS.get(stored.file.key);
  return new Uint8Array(await object!.arrayBuffer());
}

test("a message has its body, its headers and its files, without the server", async () => {
  await server.deliver(MAIL);
  const [id] = await read();
  await server.setAccess({ isEnabled: false });
  const message = await messageOf(id!);
  expect(message).toMatchObject({
    from: "ali@bozor.example",
    subject: "Счёт",
    body: "Привет",
    bodyHtml: null,
    isTruncated: false,
    headers: { "Message-ID": "<invoice@bozor.example>" },
    attachments: [
      { filename: "prices.csv", mimeType: "text/csv", isInline: false },
      { filename: "Счёт.bin", mimeType: "application/octet-stream", isInline: false },
    ],
  });
  const [csv, file] = message.attachments;
  // The line ends of a text file are its own.
  expect(new TextDecoder().decode(await bytesOf(csv!.id))).toBe("a;b\r\n1;2\r\n");
  expect(await bytesOf(file!.id)).toEqual(FILE);
  expect((await messageOf(id!)).attachments[1]).toMatchObject({ size: FILE.length });
});

test("a mail of more than 25 MB has its headers, and says that it is cut", async () => {
  await server.deliver(`${MAIL}${"0123456789abcdef\r\n".repeat(1_500_000)}`);
  const [id] = await read();
  expect(await messageOf(id!)).toMatchObject({
    subject: "Счёт",
    body: "",
    isTruncated: true,
    headers: { "Message-ID": "<invoice@bozor.example>" },
    attachments: [],
  });
});

test("flags, labels and spam are kept here, and the server hears nothing of them", async () => {
  await server.deliver(MAIL);
  const [id] = await read();
  const before = (await server.connections()).length;
  const updated = await mailboxOf(owner).update(owner, id!, {
    isRead: true,
    isStarred: true,
    isSpam: true,
    labels: ["Invoices"],
  });
  expect(updated).toMatchObject({
    ok: true,
    message: { isRead: true, isStarred: true, isSpam: true, labels: ["Invoices"], labelsSynced: false },
  });
  await read();
  expect(await messageOf(id!)).toMatchObject({ isRead: true, isStarred: true, isSpam: true });
  const back = await mailboxOf(owner).update(owner, id!, { isSpam: false });
  expect(back).toMatchObject({ ok: true, message: { id, isSpam: false, body: "Привет" } });
  expect(await insideOf(owner, (ctx) => rowsOf(ctx, "SELECT id FROM ops"))).toEqual([]);
  expect((await server.connections()).length - before).toBe(1);
});
