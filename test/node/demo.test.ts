import { crc32, inflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { companies } from "../../dev/demo/data.ts";
import { demoMail } from "../../dev/demo.ts";

const DAY = 86_400_000;
const now = Date.parse("2026-11-20T09:30:00Z");
const mails = demoMail(now);
const ours = new Set(companies.flatMap(({ mailboxes }) => mailboxes.map(({ email }) => email)));

const everyone = (mail: (typeof mails)[number]) => [...mail.to, ...(mail.cc ?? []), ...(mail.bcc ?? [])];
const ourRecipients = (mail: (typeof mails)[number]) => everyone(mail).filter(({ email }) => ours.has(email));
const bytes = (text = "") => Buffer.byteLength(text);

test("all addresses are under .example", () => {
  const addresses = mails.flatMap((mail) => [mail.from, ...everyone(mail), ...(mail.replyTo ?? [])]);
  expect(addresses.filter(({ email }) => !/^[^@\s]+@[a-z0-9.-]+\.example$/.test(email))).toEqual([]);
});

test("all links and images are under .example", () => {
  const hosts = mails.flatMap(({ html = "" }) =>
    [...html.matchAll(/https?:\/\/([^/"?]+)/g)].map(([, host]) => host),
  );
  expect(hosts.length).toBeGreaterThan(300);
  expect(hosts.filter((host) => !host?.endsWith(".example"))).toEqual([]);
});

test("no message triggers a webhook", () => {
  expect(mails.filter(({ silent }) => silent !== true)).toEqual([]);
});

test("every slot is filled", () => {
  const texts = mails.flatMap(({ subject, text = "", attachments = [] }) => [
    subject,
    text,
    ...attachments.map(({ filename }) => filename),
  ]);
  expect(texts.filter((text) => /\{\w+\}|undefined|NaN/.test(text))).toEqual([]);
});

test("there are two companies, with three and two mailboxes", () => {
  expect(companies.map(({ id, mailboxes }) => [id, mailboxes.length])).toEqual([
    [1, 3],
    [2, 2],
  ]);
  expect(ours.size).toBe(5);
});

test.each([1, 2, 77])("seed %i gives 400 messages, oldest first", (seed) => {
  const dates = demoMail(now, seed).map(({ date }) => date!);
  expect(dates).toHaveLength(400);
  expect(dates).toEqual(dates.toSorted((a, b) => a - b));
});

test.each([0, 3, 9, 15, 22])("dates lie within the 60 days before now, at %i o'clock as well", (hour) => {
  const moment = Date.parse("2026-11-22T00:00:00Z") + hour * 3_600_000;
  const outside = demoMail(moment).filter(({ date }) => !(date! >= moment - 60 * DAY && date! <= moment));
  expect(outside).toEqual([]);
});

test("the same seed gives the same messages, another seed gives others", () => {
  expect(demoMail(now)).toEqual(mails);
  expect(demoMail(now, 2)).not.toEqual(mails);
});

test("each message is from or to one of our mailboxes, and ours are in SENT", () => {
  expect(mails.filter((mail) => !ours.has(mail.from.email) && ourRecipients(mail).length === 0)).toEqual([]);
  expect(mails.filter((mail) => ours.has(mail.from.email) !== (mail.folder === "SENT"))).toEqual([]);
});

test("Message-IDs are unique", () => {
  expect(new Set(mails.map(({ messageId }) => messageId)).size).toBe(mails.length);
  expect(mails.filter(({ messageId }) => !/^<[^<>\s]+@[^<>\s]+>$/.test(messageId ?? ""))).toEqual([]);
});

test("a reply is later than its parent, references the whole thread, and goes to the sender of its parent", () => {
  const byId = new Map(mails.map((mail) => [mail.messageId, mail]));
  const answers = mails.filter(({ inReplyTo }) => inReplyTo);
  expect(answers.length).toBeGreaterThan(150);
  for (const answer of answers) {
    const question = byId.get(answer.inReplyTo);
    expect(answer.date).toBeGreaterThan(question?.date ?? Number.POSITIVE_INFINITY);
    expect(answer.references).toEqual([...(question?.references ?? []), question?.messageId]);
    expect(answer.to).toContainEqual(question?.from);
    expect(answer.text).toContain("\n> ");
  }
});

test("conversations have one to seven messages, and each length occurs", () => {
  const answered = new Set(mails.map(({ inReplyTo }) => inReplyTo));
  const ends = mails.filter(({ messageId }) => !answered.has(messageId));
  const lengths = new Set(ends.map(({ references = [] }) => references.length + 1));
  expect([...lengths].sort()).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test("exactly one message has a body of 3 MB", () => {
  const sizes = mails.map(({ html }) => bytes(html)).filter((size) => size > 100_000);
  expect(sizes).toHaveLength(1);
  expect(sizes[0]).toBeGreaterThanOrEqual(3 * 1024 * 1024);
  expect(sizes[0]).toBeLessThan(3.1 * 1024 * 1024);
});

test("one message goes to two of our mailboxes, one has no subject, one has 30 recipients", () => {
  expect(mails.filter((mail) => ourRecipients(mail).length === 2)).toHaveLength(1);
  expect(mails.filter(({ subject }) => subject === "")).toHaveLength(1);
  const many = mails.filter((mail) => everyone(mail).length > 2);
  expect(many.map((mail) => new Set(everyone(mail).map(({ email }) => email)).size)).toEqual([30]);
});

test("cid references and inline attachments match", () => {
  const withImages = mails.filter(({ attachments }) => attachments?.some(({ inline }) => inline));
  expect(withImages.length).toBeGreaterThan(10);
  for (const { html = "", attachments = [] } of mails) {
    const cids = [...html.matchAll(/"cid:([^"]+)"/g)].map(([, cid]) => cid);
    expect(attachments.filter(({ inline }) => inline).map(({ contentId }) => contentId)).toEqual(cids);
  }
});

test("newsletters have tables, styles, remote images and an unsubscribe link", () => {
  const issues = mails.filter(({ html = "" }) => html.includes("/unsubscribe?"));
  expect(issues.length).toBeGreaterThan(40);
  for (const { html = "" } of issues) expect(html).toMatch(/<style>.*<table.*<img src="https:/s);
});

test("attachments begin and end like files of their type", () => {
  const shapes: Record<string, RegExp> = {
    "application/pdf": /^%PDF-1\.4\n.*startxref\n\d+\n%%EOF\n$/s,
    "image/png": /^\x89PNG\r\n.*IEND\xaeB`\x82$/s,
    "text/csv": /^\xef\xbb\xbfProduct;.*\r\n$/s,
    "text/plain": /^.+\r\n$/s,
    "text/calendar": /^BEGIN:VCALENDAR\r\n.*END:VCALENDAR\r\n$/s,
  };
  const files = mails.flatMap(({ attachments = [] }) => attachments);
  for (const { contentType, content } of files) {
    expect(Buffer.from(content).toString("latin1")).toMatch(shapes[contentType]!);
  }
  expect(new Set(files.map(({ contentType }) => contentType))).toEqual(new Set(Object.keys(shapes)));
  expect(files.some(({ filename }) => /[а-яё]/i.test(filename))).toBe(true);
});

test("the chunks of a PNG have correct checksums and contain its pixels", () => {
  const [png] = mails.flatMap(({ attachments = [] }) => attachments).filter(({ inline }) => inline);
  const file = Buffer.from(png!.content);
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < file.length; ) {
    const end = at + 8 + file.readUInt32BE(at);
    expect(file.readUInt32BE(end)).toBe(crc32(file.subarray(at + 4, end)));
    chunks.set(file.toString("latin1", at + 4, at + 8), file.subarray(at + 8, end));
    at = end + 4;
  }
  const header = chunks.get("IHDR")!;
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  expect(inflateSync(chunks.get("IDAT")!)).toHaveLength(height * (1 + 3 * width));
});

test("the cross-reference table of a PDF has the offset of each object", () => {
  const [pdf] = mails
    .flatMap(({ attachments = [] }) => attachments)
    .filter(({ filename }) => /\.pdf$/.test(filename));
  const file = Buffer.from(pdf!.content).toString("latin1");
  const offsets = [...file.matchAll(/^(\d{10}) 00000 n $/gm)].map(([, offset]) => Number(offset));
  expect(offsets.map((offset) => file.slice(offset, offset + 7))).toEqual(
    [1, 2, 3, 4, 5].map((id) => `${id} 0 obj`),
  );
  expect(file.slice(Number(/startxref\n(\d+)/.exec(file)?.[1])).startsWith("xref\n")).toBe(true);
});

test("almost all bodies differ", () => {
  const bodies = mails.map(({ text, html }) => text ?? html);
  expect(new Set(bodies).size).toBeGreaterThan(395);
});

test("messages are in Uzbek, Russian and English", () => {
  const written = (pattern: RegExp) => mails.filter(({ text = "" }) => pattern.test(text)).length;
  expect(written(/\b(uchun|iltimos|rahmat)\b/i)).toBeGreaterThan(60);
  expect(written(/[а-яё]{4}/i)).toBeGreaterThan(60);
  expect(written(/\b(the|please)\b/i)).toBeGreaterThan(60);
});
