import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cuid } from "../../src/lib/cuid.ts";
import type { StoredFile } from "../../src/mailbox/contract.ts";
import { decodeBytes } from "../../src/mailbox/mime/decode.ts";
import { parseMessage, partBytes } from "../../src/mailbox/mime/message.ts";
import { compose, outlineOf } from "../../src/mailbox/sending/compose.ts";
import type { Letter } from "../../src/mailbox/sending/letter.ts";
import { bindings } from "./support/mailbox.ts";

const bucket = bindings.ATTACHMENTS;
const SENT = { isDraft: false };

const letterOf = (changes: Partial<Letter> = {}): Letter => ({
  id: cuid(),
  internetMessageId: `${cuid()}@demo.example`,
  from: { name: "Sardor", address: "sardor@demo.example" },
  date: 1_700_000_000_000,
  to: ["aziza@demo.example"],
  cc: [],
  bcc: [],
  replyTo: null,
  subject: "Lunch",
  body: "At noon?\n",
  isHtml: false,
  files: [],
  inReplyTo: null,
  references: [],
  ...changes,
});

async function storedFile(
  bytes: Uint8Array<ArrayBuffer>,
  changes: Partial<StoredFile> = {},
): Promise<StoredFile> {
  const key = `mail/test/${cuid()}`;
  await bucket.put(key, bytes);
  return { key, filename: "plan.pdf", mimeType: "application/pdf", size: bytes.length, ...changes };
}

/** The composed letter, as it goes out. */
async function bytesOf(letter: Letter, options = SENT): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  for await (const chunk of (await compose(bucket, letter, options)).open())
    pieces.push(new Uint8Array(chunk));
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

const textOf = async (letter: Letter, options = SENT): Promise<string> =>
  new TextDecoder().decode(await bytesOf(letter, options));

const headerNamesIn = (text: string): string[] =>
  (/^[\s\S]*?\r\n\r\n/.exec(text)?.[0] ?? "")
    .split(/\r\n(?![ \t])/)
    .flatMap((line) => /^[^:]*(?=:)/.exec(line) ?? []);

const NAMES =
  "From To Subject Message-ID Date X-Xabar-ID Content-Transfer-Encoding Content-Type MIME-Version".split(" ");

describe("a file that is gone", () => {
  test("fails the letter before its end", async () => {
    const file = await storedFile(new Uint8Array(100));
    await bucket.delete(file.key);
    await expect(bytesOf(letterOf({ files: [file] }))).rejects.toMatchObject({ code: "INVALID" });
  });

  test("so does one that has become another", async () => {
    const file = await storedFile(new Uint8Array(100));
    await bucket.put(file.key, new Uint8Array(101));
    await expect(bytesOf(letterOf({ files: [file] }))).rejects.toMatchObject({ code: "INVALID" });
  });
});

describe("what a stranger wrote stays where it belongs", () => {
  const hostile = fc.oneof(
    fc.string({ unit: "binary", maxLength: 300 }),
    fc
      .array(
        fc.constantFrom(
          "\r\n",
          "\n",
          "\r",
          "\0",
          "Bcc: eve@evil.example",
          ".",
          '"',
          "\\",
          "=?utf-8?q?x?=",
          "\u2028",
          "ж",
        ),
        { maxLength: 40 },
      )
      .map((each) => each.join("")),
  );

  test("any subject, name, body and file name makes the headers that it should, and lines of MIME's length", async () => {
    const file = await storedFile(new Uint8Array(1000).fill(65));
    await fc.assert(
      fc.asyncProperty(
        hostile,
        hostile,
        hostile,
        hostile,
        fc.boolean(),
        async (subject, name, body, filename, isHtml) => {
          const from = { name, address: "sardor@demo.example" };
          const files = [{ ...file, filename, mimeType: filename }];
          const text = await textOf(letterOf({ subject, from, body, isHtml, files }));
          expect(headerNamesIn(text).filter((each) => !NAMES.includes(each))).toEqual([]);
          expect(text).toMatch(/\r\n$/);
          expect(text.replaceAll("\r\n", "")).not.toMatch(/[^\x20-\x7e\t]/);
          const [, ...content] = text.split("\r\n\r\n");
          for (const line of content.join("\r\n").split("\r\n")) {
            if (!/^(Content-|--|[ \t])/.test(line)) expect(line.length).toBeLessThanOrEqual(76);
          }
          for (const line of text.split("\r\n")) expect(line.length).toBeLessThan(998);
          const { found } = parseMessage(new TextEncoder().encode(text));
          expect(found.from.address).toBe("sardor@demo.example");
          expect(found.to).toEqual([{ name: "", address: "aziza@demo.example" }]);
          expect(found.parts.map(({ role }) => role)).toEqual([isHtml ? "html" : "text", "attachment"]);
        },
      ),
      { numRuns: 150 },
    );
  });

  test("a type that is none, and a mail as a file, go as bytes", async () => {
    const file = await storedFile(Uint8Array.of(83, 58, 10, 10, 255));
    for (const mimeType of ["message/rfc822", "multipart/mixed", "text", "a/b; name=x\r\nX: y"]) {
      const text = await textOf(letterOf({ files: [{ ...file, mimeType }] }));
      expect(text).toContain("\r\nContent-Type: application/octet-stream; name=plan.pdf\r\n");
    }
  });
});

describe("recipients", () => {
  test("those of Bcc are in the envelope alone, but for a draft", async () => {
    const letter = letterOf({ cc: ["cc@demo.example"], bcc: ["secret@demo.example"] });
    const { to } = await compose(bucket, letter, SENT);
    expect(to).toEqual(["aziza@demo.example", "cc@demo.example", "secret@demo.example"]);
    expect(await textOf(letter)).not.toContain("secret");
    expect(await textOf(letter, { isDraft: true })).toContain("\r\nBcc: secret@demo.example\r\n");
  });

  test("one who is named twice gets one mail", async () => {
    const { to } = await compose(bucket, letterOf({ bcc: ["aziza@demo.example"] }), SENT);
    expect(to).toEqual(["aziza@demo.example"]);
  });

  test("a domain of other letters is encoded; other letters before the @ need SMTPUTF8", async () => {
    const idn = await compose(bucket, letterOf({ to: ["aziza@почта.example"] }), SENT);
    expect(idn).toMatchObject({ to: ["aziza@xn--80a1acny.example"], needsUtf8: false });
    expect(await compose(bucket, letterOf({ to: ["азиза@demo.example"] }), SENT)).toMatchObject({
      needsUtf8: true,
    });
  });
});

describe("a letter", () => {
  test("is composed of the same bytes each time, and is as long as it says", async () => {
    const bytes = crypto.getRandomValues(new Uint8Array(65_536));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(65_536), { maxLength: 3 }), fc.string(), async (sizes, body) => {
        const files = await Promise.all(sizes.map((size) => storedFile(bytes.slice(0, size))));
        const letter = letterOf({ files, body });
        const first = await bytesOf(letter);
        await new Promise((resolve) => setTimeout(resolve, 2));
        expect(await bytesOf(letter)).toEqual(first);
        expect((await compose(bucket, letter, SENT)).size).toBe(first.length);
      }),
      { numRuns: 30 },
    );
  });

  test("says of itself what a reader finds in it, with each byte of its files", async () => {
    const bytes = crypto.getRandomValues(new Uint8Array(5000));
    const files = [
      await storedFile(bytes, { filename: "Отчёт за май.bin" }),
      await storedFile(bytes.slice(0, 1)),
    ];
    const letter = letterOf({ files, body: "Салом, Азиза!\r\n.\r\nEnd", subject: "Тушлик ".repeat(30) });
    const source = await bytesOf(letter);
    const outline = await outlineOf(letter, SENT);
    expect(outline.found.parts.map(({ storedSize }) => storedSize)).toEqual([undefined, 5000, 1]);
    const parts = outline.found.parts.map(({ storedSize, ...part }) => part);
    expect(parseMessage(source, letter.date)).toEqual({ ...outline, found: { ...outline.found, parts } });
    expect(outline.text).toBe("Салом, Азиза!\n.\nEnd");
    expect(outline.found).toMatchObject({
      internetMessageId: letter.internetMessageId,
      receivedAt: letter.date,
    });
    const [, first] = outline.found.parts;
    if (!first) throw new Error("no part");
    expect(first.filename).toBe("Отчёт за май.bin");
    expect(decodeBytes(partBytes(source, first), first.encoding)).toEqual(bytes);
  });

  test("without a text is still a mail with a file, not the file alone", async () => {
    const files = [await storedFile(new Uint8Array(10))];
    const { found } = await outlineOf(letterOf({ body: "", files }), SENT);
    expect(found.parts.map(({ part, role }) => [part, role])).toEqual([
      ["1", "text"],
      ["2", "attachment"],
    ]);
  });

  test("that is a reply names what it replies to", async () => {
    const text = await textOf(
      letterOf({ inReplyTo: "b@x.example", references: ["a@x.example", "b@x.example"] }),
    );
    expect(text).toContain("\r\nIn-Reply-To: <b@x.example>\r\n");
    expect(text).toContain("\r\nReferences: <a@x.example> <b@x.example>\r\n");
  });
});
