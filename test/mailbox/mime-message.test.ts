import { describe, expect, it } from "vitest";
import { headersOf } from "../../src/mailbox/mime/headers.ts";
import { parseFound, parseMessage } from "../../src/mailbox/mime/message.ts";
import { MAX_DEPTH, MAX_PARTS } from "../../src/mailbox/mime/parts.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text.replaceAll(/\r?\n/g, "\r\n"));

const parse = (text: string, now?: number) => parseMessage(bytesOf(text), now);

/** A mail whose bytes are those of a single-byte text. */
const rawOf = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

describe("when a mail was received", () => {
  const NOW = Date.UTC(2026, 10, 25);
  const at = (header: string) => new Date(parse(`${header}\n\nx`, NOW).found.receivedAt).toISOString();

  it.each([
    [
      "Received: from a by b; Tue, 24 Nov 2026 10:00:00 +0500\nReceived: x; Mon, 1 Jan 2024 00:00:00 +0000",
      "2026-11-24T05:00:00.000Z",
    ],
    ["Date: Mon, 23 Nov 2026 10:00:00 +0500 (UZT)", "2026-11-23T05:00:00.000Z"],
    ["Date: Thu, 01 Jan 1970 00:00:00 +0000", "2026-11-25T00:00:00.000Z"],
    ["Date: Thu, 01 Jan 2099 00:00:00 +0000", "2026-11-25T00:00:00.000Z"],
    ["Date: yesterday", "2026-11-25T00:00:00.000Z"],
    ["Subject: none", "2026-11-25T00:00:00.000Z"],
  ])("of %j is %s", (header, expected) => {
    expect(at(header)).toBe(expected);
  });
});

describe("the fields of a mail", () => {
  it("are unfolded and not decoded, and repeated ones are joined under their first name", () => {
    expect(
      headersOf(bytesOf("Subject: =?utf-8?q?a?=\n  b\nreceived: one\nX-1:\nReceived: two\n\nno: field")),
    ).toEqual({
      Subject: "=?utf-8?q?a?=  b",
      received: "one\ntwo",
      "X-1": "",
    });
  });

  it("that have names of JavaScript's own are fields like others", () => {
    expect(Object.entries(headersOf(bytesOf("__proto__: a\nconstructor: b\n\n")))).toEqual([
      ["__proto__", "a"],
      ["constructor", "b"],
    ]);
  });

  it("may be of raw bytes: of UTF-8, of the text's charset, or of Windows-1252", () => {
    const raw = (type: string) =>
      parseFound(rawOf(`Subject: \xcf\xf0\xe8\xe2\xe5\xf2\r\n${type}\r\n\r\nx`)).subject;
    expect(raw("Content-Type: text/plain; charset=windows-1251")).toBe("Привет");
    expect(raw("X: y")).toBe("Ïðèâåò");
    expect(parse("Subject: Привет\nContent-Type: text/plain; charset=koi8-r\n\nx").found.subject).toBe(
      "Привет",
    );
  });

  it("of recipients may be several", () => {
    const { to } = parse(
      "To: a@x.example\nTo: =?utf-8?b?0JDQu9C4?= <b@x.example>, team: c@x.example;\n\nx",
    ).found;
    expect(to).toEqual([
      { name: "", address: "a@x.example" },
      { name: "Али", address: "b@x.example" },
      { name: "", address: "c@x.example" },
    ]);
  });

  it("tell the conversation, the oldest first and each once", () => {
    const { refs, internetMessageId } = parse(
      "Message-ID: <c@X.example>\nReferences: <a@x.example>\n <b@x.example>\nIn-Reply-To: <b@x.example>\n\nx",
    ).found;
    expect({ refs, internetMessageId }).toEqual({
      refs: ["a@x.example", "b@x.example"],
      internetMessageId: "c@x.example",
    });
  });

  it("are followed by the body even if a line of a mailbox file is among them", () => {
    const message = parse("Return-Path: <a@b>\nFrom a@b Fri Nov 26 21:40:36 2004\nSubject: s\n\nbody");
    expect(message).toMatchObject({ text: "body", found: { subject: "s" } });
  });
});

describe("the name of a file", () => {
  const name = (parameter: string) =>
    parse(`Content-Type: application/pdf\nContent-Disposition: attachment; ${parameter}\n\nx`).found.parts[0]
      ?.filename;

  it.each([
    [`filename="a \\"b\\".pdf"`, 'a "b".pdf'],
    ["filename=a b.pdf", "a b.pdf"],
    ["filename*=utf-8'ru'%D0%A1%D1%87%D1%91%D1%82.pdf", "Счёт.pdf"],
    ["filename*0*=koi8-r''%F3%DE; filename*1*=%C5%D4; filename*2=.pdf", "Счет.pdf"],
    ["filename*1=b.pdf; filename*0=a", "ab.pdf"],
    [`filename="=?utf-8?b?0KHRh9GR0YI=?=.pdf"`, "Счёт.pdf"],
    ["filename=plain.pdf; filename*=utf-8''%D0%A1.pdf", "С.pdf"],
    [`filename="../../etc/passwd"`, "passwd"],
    ["filename=", null],
    ["__proto__=x", null],
  ])("of %s is %s", (parameter, expected) => {
    expect(name(parameter)).toBe(expected);
  });
});

describe("a body", () => {
  it("of base64 ends with its pad, whatever a gateway added", () => {
    const head = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n";
    expect(parse(`${head}U2Fsb20=\n-- \nfooter of a gateway`).text).toBe("Salom");
    expect(parse(`${head}U2Fsb20`).text).toBe("Salom");
    expect(parse(`${head}U2 Fs\n!b20=`).text).toBe("Salom");
  });

  it("of quoted-printable keeps what is no escape, and drops blanks at ends of lines", () => {
    const head = "Content-Transfer-Encoding: quoted-printable\n\n";
    expect(parse(`${head}a=3Db =zz 100%=\n and=20 \nend=`).text).toBe("a=b =zz 100% and \nend");
  });

  it("of HTML without a charset is of the one that it names itself, also if the server says US-ASCII", () => {
    const html = '<meta charset="windows-1251">\xcf\xf0\xe8\xe2\xe5\xf2';
    for (const type of ["text/html", "text/html; charset=us-ascii"])
      expect(parseMessage(rawOf(`Content-Type: ${type}\r\n\r\n${html}`)).html).toContain("Привет");
  });

  it("has a preview of 200 characters at most, from the text rather than the HTML, and never half a character", () => {
    const { preview } = parse(`Subject: x\n\n${"😀".repeat(500)}`).found;
    expect([...preview]).toHaveLength(200);
    expect(preview.isWellFormed()).toBe(true);
    expect(parse("Content-Type: text/html\n\n<p>a &amp; <b>b</b></p>").found.preview).toBe("a & b");
  });
});

describe("a hostile mail", () => {
  const box = (boundary: string, content: string) =>
    `Content-Type: multipart/mixed; boundary=${boundary}\n\n--${boundary}\n${content}\n--${boundary}--\n`;

  it("of any depth ends as a file where the limit is", () => {
    let mail = "Content-Type: text/plain\n\nat the bottom";
    for (let level = 0; level < MAX_DEPTH + 50; level++) mail = box(`b${level}`, mail);
    const { parts } = parse(mail).found;
    expect(parts).toMatchObject([{ type: "multipart/mixed", role: "attachment" }]);
    expect(parts[0]?.part.split(".")).toHaveLength(MAX_DEPTH);
  });

  it("of any number of parts has those within the limit", () => {
    const { parts } = parse(box("b", `\nx${"\n--b\n\nx".repeat(MAX_PARTS + 100)}`)).found;
    expect(parts.length).toBeLessThanOrEqual(MAX_PARTS);
    expect(parts.length).toBeGreaterThan(MAX_PARTS - 10);
  });

  it("of nothing, or of any bytes, is a mail", () => {
    for (const bytes of [[], [0], [13], [10], [58], [255, 254], [45, 45], [13, 10, 13, 10, 45, 45]])
      expect(parseMessage(Uint8Array.from(bytes)).found.parts).toHaveLength(1);
  });
});
