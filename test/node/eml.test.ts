import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import PostalMime from "postal-mime";
import { afterAll, beforeAll, expect, test } from "vitest";
import { saveOutgoing, toEml } from "../../dev/eml.ts";
import type { OutgoingMail } from "../../dev/nylas/sim.ts";

const mail: OutgoingMail = {
  from: { email: "savdo@anhor.example", name: "Anhor savdo bo‘limi" },
  to: [{ email: "sean@emeraldpantry.example", name: "Seán O'Connor" }, { email: "olga@vostok.example" }],
  cc: [{ email: "li@konditer1.example", name: "Екатерина Ли" }],
  bcc: [{ email: "audit@anhor.example" }],
  replyTo: [{ email: "export@anhor.example" }],
  subject: "Счёт №7 / narxlar 🍑",
  text: "Salom!",
  html: '<p>Salom! <img src="cid:logo"></p>',
  attachments: [
    {
      filename: "logo.png",
      contentType: "image/png",
      content: Uint8Array.of(1, 2),
      contentId: "logo",
      inline: true,
    },
    { filename: "Narxlar ro‘yxati.csv", contentType: "text/csv", content: Uint8Array.of(97, 59, 98) },
  ],
  date: Date.parse("2026-02-03T04:05:06Z"),
  messageId: "<2@anhor.example>",
  inReplyTo: "<1@emeraldpantry.example>",
  references: ["<0@anhor.example>", "<1@emeraldpantry.example>"],
  recipients: [{ email: "sean@emeraldpantry.example" }],
};

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "eml-"));
});
afterAll(() => rm(dir, { recursive: true }));

test("a second mail with the same name does not overwrite the first", async () => {
  const place = join(dir, "twice");
  const first = await saveOutgoing(place, mail);
  const second = await saveOutgoing(place, { ...mail, text: "Boshqa" });
  expect(second).not.toBe(first);
  expect(await readdir(place)).toHaveLength(2);
});

test("no field of a mail can escape the folder", async () => {
  const evil = { ...mail, subject: "../../etc/passwd\0", recipients: [{ email: "../../a@b.example" }] };
  const path = await saveOutgoing(join(dir, "safe"), evil);
  expect(await readdir(join(dir, "safe"))).toEqual([basename(path)]);
  expect(basename(path)).toMatch(/^[\w.@+-]+\.eml$/);
});

test("the longest subject and recipient still make a file name", async () => {
  const long = {
    ...mail,
    subject: "🍑щ".repeat(500),
    recipients: [{ email: `${"a".repeat(250)}@b.example` }],
  };
  const path = await saveOutgoing(dir, long);
  expect(Buffer.byteLength(basename(path))).toBeLessThan(255);
});

test("the file is named after time, recipient and subject", async () => {
  const path = await saveOutgoing(join(dir, "new", "folder"), mail);
  expect(basename(path)).toBe("2026-02-03T04-05-06.000Z-sean@emeraldpantry.example-счёт-7-narxlar.eml");
  expect((await readFile(path, "utf8")).endsWith("\r\n")).toBe(true);
});

test("a mail without subject or recipients gets a name too", async () => {
  const path = await saveOutgoing(dir, { ...mail, subject: "", recipients: [] });
  expect(basename(path)).toBe("2026-02-03T04-05-06.000Z-nobody-no-subject.eml");
});

test("a written mail reads back the same", async () => {
  const read = await PostalMime.parse(await toEml(mail));
  const named = ({ email, name = "" }: { email: string; name?: string }) => ({ address: email, name });
  expect(read).toMatchObject({
    from: named(mail.from),
    to: mail.to.map(named),
    cc: mail.cc?.map(named),
    bcc: mail.bcc?.map(named),
    replyTo: mail.replyTo?.map(named),
    subject: mail.subject,
    text: `${mail.text}\n`, // the parser ends each body with a newline
    html: `${mail.html}\n`,
    messageId: mail.messageId,
    inReplyTo: mail.inReplyTo,
    references: mail.references?.join(" "),
    date: "2026-02-03T04:05:06.000Z",
  });
  expect(read.attachments).toMatchObject([
    { filename: "logo.png", mimeType: "image/png", disposition: "inline", contentId: "<logo>" },
    { filename: "Narxlar ro‘yxati.csv", mimeType: "text/csv", disposition: "attachment" },
  ]);
  const contents = read.attachments.map(({ content }) => [...new Uint8Array(content as ArrayBuffer)]);
  expect(contents).toEqual(mail.attachments?.map(({ content }) => [...content]));
});
