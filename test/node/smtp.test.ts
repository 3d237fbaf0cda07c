import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { createTransport } from "nodemailer";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { InboundMail } from "../../dev/nylas/sim.ts";
import { listenSmtp } from "../../dev/smtp.ts";

const received: { mail: InboundMail; envelope: { from: string; to: string[] } }[] = [];
let onMail = () => {};
let server: Awaited<ReturnType<typeof listenSmtp>>;
let client: ReturnType<typeof createTransport>;

beforeAll(async () => {
  server = await listenSmtp({
    port: 0,
    accepts: (address) => address.endsWith("@anhor.example"),
    onMail: (mail, envelope) => {
      onMail();
      received.push({ mail, envelope });
    },
  });
  client = createTransport({ host: "127.0.0.1", port: server.port, ignoreTLS: true, pool: true });
});

afterEach(() => {
  received.length = 0;
  onMail = () => {};
});

afterAll(() => {
  client.close();
  return server.close();
});

const envelope = { from: "ali@bozor.example", to: ["savdo@anhor.example"] };

const sendRaw = (raw: string | Buffer, to = envelope.to) =>
  client.sendMail({ envelope: { ...envelope, to }, raw });

const headers = (...more: string[]) =>
  ["From: Ali <ali@bozor.example>", "To: savdo@anhor.example", "Subject: Salom", ...more, "", ""].join(
    "\r\n",
  );

/** Sends lines one after the other. @returns the response to each */
async function dialogue(lines: string[]): Promise<string[]> {
  const socket = connect(server.port, "127.0.0.1");
  const answers: string[] = [];
  for await (const chunk of socket) {
    answers.push(String(chunk));
    const line = lines.shift();
    if (line === undefined) break;
    socket.write(`${line}\r\n`);
  }
  return answers;
}

test("an unknown recipient is refused by name", async () => {
  const sent = sendRaw(headers(), ["Nobody@elsewhere.example"]);
  await expect(sent).rejects.toMatchObject({
    responseCode: 550,
    response: "550 No such demo mailbox: Nobody@elsewhere.example",
  });
  expect(received).toEqual([]);
});

test("a mail over 25 MB is refused with the limit", async () => {
  const big = Buffer.alloc(25 * 1024 * 1024 + 1, `${"x".repeat(70)}\r\n`);
  const sent = sendRaw(Buffer.concat([Buffer.from(headers()), big]));
  await expect(sent).rejects.toMatchObject({
    responseCode: 552,
    response: "552 The mail is larger than 25 MB",
  });
  expect(received).toEqual([]);
});

test("a mail that declares over 25 MB is refused at once", async () => {
  const answers = await dialogue(["EHLO me", "MAIL FROM:<ali@bozor.example> SIZE=26214401"]);
  expect(answers.at(-1)).toBe("552 Error: message exceeds fixed maximum message size 26214400\r\n");
});

test("garbage is refused permanently, and the next mail gets through", async () => {
  const garbage = Buffer.from([0, 255, 1, 254, 13, 10, 13, 10, 200, 201]);
  await expect(sendRaw(garbage)).rejects.toMatchObject({ responseCode: 554 });
  await expect(sendRaw("hello")).rejects.toMatchObject({ responseCode: 554 });
  await sendRaw(headers());
  expect(received).toHaveLength(1);
});

test("a mail with parts nested too deeply is refused permanently", async () => {
  const depth = 300;
  const open = (id: number) => `Content-Type: multipart/mixed; boundary=b${id}x\r\n\r\n--b${id}x\r\n`;
  const body = Array.from({ length: depth }, (_, id) => open(id)).join("");
  await expect(sendRaw(headers().slice(0, -2) + body)).rejects.toMatchObject({ responseCode: 554 });
});

test("a mail that cannot be stored is refused temporarily", async () => {
  onMail = () => {
    throw new Error("disk full");
  };
  await expect(sendRaw(headers())).rejects.toMatchObject({
    responseCode: 451,
    response: "451 The mail could not be taken in: disk full",
  });
});

test("a client that disconnects in the middle of a mail does no harm", async () => {
  await dialogue(["EHLO me", "MAIL FROM:<ali@bozor.example>", "RCPT TO:<savdo@anhor.example>", "DATA"]);
  await sendRaw(headers());
  expect(received).toHaveLength(1);
});

test("a second server on the same port is refused", async () => {
  await expect(listenSmtp({ port: server.port, onMail })).rejects.toMatchObject({ code: "EADDRINUSE" });
});

test("a plain text mail arrives with its thread headers", async () => {
  await client.sendMail({
    from: '"Ulug‘bek To‘xtayev" <ulugbek@savdo.example>',
    to: [{ name: "Anhor", address: "savdo@anhor.example" }],
    cc: "export@anhor.example",
    replyTo: "ofis@savdo.example",
    subject: "Buyurtma №7 🍑",
    text: "Assalomu alaykum!\n",
    messageId: "<7@savdo.example>",
    inReplyTo: "<6@anhor.example>",
    references: ["<5@savdo.example>", "<6@anhor.example>"],
    date: new Date("2026-01-05T10:00:00Z"),
  });
  expect(received).toEqual([
    {
      mail: {
        from: { email: "ulugbek@savdo.example", name: "Ulug‘bek To‘xtayev" },
        to: [{ email: "savdo@anhor.example", name: "Anhor" }],
        cc: [{ email: "export@anhor.example" }],
        replyTo: [{ email: "ofis@savdo.example" }],
        subject: "Buyurtma №7 🍑",
        text: "Assalomu alaykum!\n",
        messageId: "<7@savdo.example>",
        inReplyTo: "<6@anhor.example>",
        references: ["<5@savdo.example>", "<6@anhor.example>"],
        dateHeader: "Mon, 05 Jan 2026 10:00:00 +0000",
      },
      envelope: { from: "ulugbek@savdo.example", to: ["savdo@anhor.example", "export@anhor.example"] },
    },
  ]);
});

test("html, an inline image and an attachment arrive separately", async () => {
  await client.sendMail({
    ...envelope,
    html: '<p>Rasm: <img src="cid:olma@bozor"></p>',
    text: "Rasm",
    attachments: [
      { filename: "olma.png", content: Buffer.from([1, 2, 3]), contentType: "image/png", cid: "olma@bozor" },
      { filename: "Счёт №5.pdf", content: Buffer.from("%PDF-1.4"), contentType: "application/pdf" },
    ],
  });
  const { mail } = received[0]!;
  expect(mail.html?.trim()).toBe('<p>Rasm: <img src="cid:olma@bozor"></p>');
  expect(mail.attachments).toEqual([
    {
      filename: "olma.png",
      contentType: "image/png",
      content: Uint8Array.of(1, 2, 3),
      contentId: "olma@bozor",
      inline: true,
    },
    {
      filename: "Счёт №5.pdf",
      contentType: "application/pdf",
      content: new Uint8Array(Buffer.from("%PDF-1.4")),
      inline: false,
    },
  ]);
});

test.each([
  ["utf-8", Buffer.from("Привет, O‘tkir")],
  ["windows-1251", Buffer.from([0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2])],
  ["koi8-r", Buffer.from([0xf0, 0xd2, 0xc9, 0xd7, 0xc5, 0xd4])],
])("text in %s is decoded", async (charset, body) => {
  const head = headers(`Content-Type: text/plain; charset=${charset}`, "Content-Transfer-Encoding: 8bit");
  await sendRaw(Buffer.concat([Buffer.from(head), body]));
  expect(received[0]?.mail.text).toMatch(/^Привет/);
});

test("recipients without a header are Bcc", async () => {
  await sendRaw(headers("Cc: Team: EXPORT@anhor.example;"), [
    "savdo@anhor.example",
    "export@anhor.example",
    "kadrlar@anhor.example",
  ]);
  const { mail } = received[0]!;
  expect(mail.cc).toEqual([{ email: "EXPORT@anhor.example" }]);
  expect(mail.bcc).toEqual([{ email: "kadrlar@anhor.example" }]);
});

test.each(["Thu, 01 Jan 1970 00:00:00 +0000", "Tue, 01 Jan 2999 00:00:00 +0000", "yesterday evening"])(
  "the Date header %s is ignored: a mail is dated by its receipt",
  async (date) => {
    await sendRaw(headers(`Date: ${date}`));
    expect(received[0]?.mail).not.toHaveProperty("date");
    expect(received[0]?.mail.dateHeader).toBe(date);
  },
);

describe("malformed mail", () => {
  const takeCase = async (name: string) => {
    await sendRaw(readFileSync(new URL(`../fixtures/cases/${name}`, import.meta.url)));
    return received[0]!.mail;
  };

  test.each(["smtp-no-from.eml", "smtp-from-empty.eml"])("%s has no sender", async (name) => {
    expect(await takeCase(name)).not.toHaveProperty("from");
  });

  test("a bounce may be from a name without a domain", async () => {
    const head = headers().replace("Ali <ali@bozor.example>", "MAILER-DAEMON (Mail Delivery System)");
    await sendRaw(head);
    expect(received[0]?.mail.from).toEqual({ email: "MAILER-DAEMON" });
  });

  test("raw bytes in a header are read in the charset of the text", async () => {
    expect(await takeCase("smtp-raw-8bit-header-cp1251.eml")).toMatchObject({
      subject: "Привет",
      text: expect.stringMatching(/^Привет/),
    });
  });

  test("raw bytes in headers without a charset are read in the region's charset", async () => {
    const [before, after] = headers().split("Salom") as [string, string];
    const subject = Buffer.from([0xd1, 0xe0, 0xeb, 0xee, 0xec]);
    await sendRaw(Buffer.concat([Buffer.from(before), subject, Buffer.from(after)]));
    expect(received[0]?.mail.subject).toBe("Салом");
  });

  test("UTF-7 is decoded", async () => {
    expect((await takeCase("smtp-utf7.eml")).text).toMatch(/^Привет\s*$/);
  });

  test("text that a gateway appends to base64 is not decoded", async () => {
    expect((await takeCase("smtp-b64-garbage.eml")).text).toMatch(/^[\x20-\x7e]+\s*$/);
  });
});

test("recipients match in any case", async () => {
  await sendRaw(headers(), ["Savdo@anhor.example"]);
  expect(received[0]?.envelope.to).toEqual(["Savdo@anhor.example"]);
});
