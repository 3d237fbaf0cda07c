import { it } from "vitest";
import { addressesOf } from "../../src/mailbox/mime/addresses.ts";
import { textOfPart } from "../../src/mailbox/mime/body.ts";
import { decodeBytes, decodeText } from "../../src/mailbox/mime/decode.ts";
import { headersOf } from "../../src/mailbox/mime/headers.ts";
import { parseMessage } from "../../src/mailbox/mime/message.ts";
import { parseStructured } from "../../src/mailbox/mime/parameters.ts";
import { decodeFolderName, decodeUtf7, encodeFolderName } from "../../src/mailbox/mime/utf7.ts";
import { decodeWords } from "../../src/mailbox/mime/words.ts";
import { expectLinear, MIB } from "./support/linear.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

const LARGE = 10 * MIB;

/** Mails whose content is the text. */
const HEAD = 'Content-Type: multipart/mixed; boundary="b"\r\n\r\n';
const parse = (text: string) => parseMessage(bytesOf(text));
const inMultipart = (text: string) => parse(HEAD + text);
const inHeader = (text: string) => parse(`Subject: ${text}\r\nTo: ${text}\r\nReferences: ${text}\r\n\r\nx`);

it.each([
  ["\r\n--b\r\n"],
  ["\r\n--b\r\n\r\nx"],
  ["\r\n--b--"],
  ["--b"],
  ["\r\n--"],
  ["\r\n-"],
  ["\n"],
  [`\r\n--b\r\n${HEAD}`],
  ['\r\n--b\r\nContent-Type: multipart/mixed; boundary="c"\r\n\r\n--c\r\n'],
  ["\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"],
])("10 MB of the lines %j in a multipart take linear time", async (unit) => {
  await expectLinear(inMultipart, unit, ["", ""], LARGE);
});

/** A tree that is as deep as is read, each level with a boundary of its own. */
const DEEP = Array.from(
  { length: 199 },
  (_, level) =>
    `\r\n--b${level === 0 ? "" : level}\r\nContent-Type: multipart/mixed; boundary="b${level + 1}"\r\n`,
).join("");

it.each([["\r\n--b1"], ["\r\n--b199\r\n\r\nx"], ["\r\n--b77\r\n"], ["\r\n--b1999"], ["\r\n--x"]])(
  "4 MB of the lines %j under 200 multiparts take linear time",
  async (unit) => {
    await expectLinear((text) => inMultipart(DEEP + text), unit, ["", ""], 4 * MIB);
  },
);

it.each([["A: b\r\n"], [" x\r\n"], ["\r\n x"], [":"], ["A"], ["A: b\r\n c\r\n"], ["A:=?utf-8?q?a?=\r\n"]])(
  "4 MB of the header lines %j take linear time",
  async (unit) => {
    await expectLinear(
      (text) => [parse(`From: a@b\r\n${text}`), headersOf(bytesOf(text))],
      unit,
      ["", ""],
      4 * MIB,
    );
  },
);

const WORDS = [
  "=?",
  "=?a?q?",
  "=?utf-8?b?0J8=?= ",
  "=?utf-8?q?=D0?==?utf-8?q?=9F?=",
  "?=",
  "=?a?q?b",
  "=?a?",
  " ",
  "=",
];

it.each(WORDS)("1 MB of %j takes linear time as encoded words, and in fields", async (unit) => {
  for (const read of [decodeWords, inHeader]) await expectLinear(read, unit);
});

const STRUCTURED = [
  ";",
  "; ",
  ";a",
  ";a=",
  '; a="',
  '\\"',
  '"',
  "(",
  ")",
  "; a*0=b",
  "; a*1*=%41",
  "a=b;",
  "utf-8''",
  "%",
  " =",
];

it.each(STRUCTURED)("1 MB of %j takes linear time as parameters", async (unit) => {
  for (const start of ['a/b; c="', "a/b; c="])
    await expectLinear((text) => parseStructured(start + text), unit);
});

it.each(["<", ">", "a@b,", '"', "(", ")", ";", "g:", "@", "a ", "<a@b> ", "\\", "=?utf-8?q?a?= "])(
  "1 MB of %j takes linear time as addresses",
  async (unit) => {
    await expectLinear(addressesOf, unit);
  },
);

it.each(["=", "= ", "=\r\n", "=4", " ", "\t\r\n", "=3D", "A", "====", "\r"])(
  "10 MB of %j take linear time to decode",
  async (unit) => {
    const decode = (text: string) =>
      ["base64", "quoted-printable"].map((encoding) => decodeBytes(bytesOf(text), encoding));
    await expectLinear(decode, unit, ["", ""], LARGE);
  },
);

it.each(["+", "+A", "&", "&-", "&A", "+AGE-", "é"])("1 MB of %j takes linear time as UTF-7", async (unit) => {
  for (const read of [decodeUtf7, decodeFolderName, encodeFolderName]) await expectLinear(read, unit);
});

it.each(["<meta ", "<meta charset", "<meta charset=", "a"])(
  "1 MB of %j takes linear time as HTML",
  async (unit) => {
    const part = { part: "1", type: "text/html", charset: null, encoding: "7bit", size: 0 } as const;
    const read = (text: string) =>
      textOfPart(bytesOf(text), { ...part, filename: null, contentId: null, role: "html" });
    await expectLinear(read, unit);
  },
);

it.each(["utf-8", "utf-16", "utf-32", "cp437", "gb18030", "iso-2022-jp", "no-such-charset"])(
  "10 MB in the charset %s take linear time",
  async (charset) => {
    for (const unit of ["\x1b$B", "ÿþ"])
      await expectLinear((text) => decodeText(bytesOf(text), charset), unit, ["", ""], LARGE);
  },
);
