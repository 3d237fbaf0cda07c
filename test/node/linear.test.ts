import { describe, expect, it, vi } from "vitest";
import { imageType, picturesOf, shownBy } from "../../src/ems/attachments/images.ts";
import { errorOf, sendErrorOf } from "../../src/ems/provider/nylas/errors.ts";
import { NylasMessage, toProviderMessage } from "../../src/ems/provider/nylas/message.ts";
import { parseTrigger } from "../../src/ems/provider/nylas/push.ts";
import { decodeReferences } from "../../src/lib/entities.ts";
import { cut, fileName, oneLine } from "../../src/lib/line.ts";
import { boundaryOf, parseMultipart } from "../../src/lib/multipart.ts";
import { excerpt, isHtml, readableSnippet } from "../../src/lib/text.ts";
import { log } from "../../src/platform/log.ts";
import { expectLinear, MIB, PAIRS } from "./support/linear.ts";

/** A text in every field that a stranger can fill. */
const mailOf = (text: string) => ({
  id: "m",
  subject: text,
  from: [{ name: text, email: text }],
  to: [{ name: text, email: text }],
  reply_to: [{ name: text, email: text }],
  body: text,
  snippet: text,
  folders: [text],
  headers: ["Message-ID", "References", "In-Reply-To", text].map((name) => ({ name, value: text })),
  attachments: [{ id: "a", filename: text, content_type: text, content_id: text, size: 1 }],
});

const refusals = (call: (text: string) => unknown) => (text: string) => {
  try {
    return call(text);
  } catch {
    return null;
  }
};

/** Every function outside the sanitiser that reads a stranger's or caller's text. */
const READERS: [name: string, read: (text: string) => unknown, length?: number][] = [
  ["isHtml", isHtml],
  ["isHtml, after a word", (text) => isHtml(`x ${text}`)],
  ["excerpt of HTML", (text) => excerpt(text, true)],
  [
    "excerpt of HTML that shows nothing",
    (text) => excerpt(`<p title="x">${text.replace(/[^<>\s]/g, "<")}`, true),
  ],
  ["excerpt of text", (text) => excerpt(text, false)],
  ["readableSnippet", readableSnippet],
  ["decodeReferences", decodeReferences],
  ["cut", (text) => cut(text, 200)],
  ["oneLine", (text) => oneLine(text, 200)],
  ["fileName", fileName],
  // It has the text in eight fields, which makes a mail of 1 MB.
  ["a message of Nylas", (text) => toProviderMessage(NylasMessage().parse(mailOf(text))), MIB / 8],
  ["imageType", (text) => imageType({ content_type: text, filename: text })],
  [
    "picturesOf",
    (text) => picturesOf([text], [{ content_type: "image/png", filename: text, content_id: text }]),
  ],
  ["shownBy", (text) => shownBy(text)(text)],
  ["boundaryOf", refusals((text) => boundaryOf(`multipart/form-data${text}`))],
  ["parseTrigger", parseTrigger],
];

/** Tokens of HTML, addresses, Message-IDs, MIME parameters and data URLs: openings that may lack an end. */
const TOKENS: string[] = [
  ...[
    "<a",
    "<a ",
    "<a b",
    '<a b="',
    "<a b='",
    "<a b= ",
    "<a>",
    "</a>",
    "<p",
    "<br>",
    "<!--",
    "-->",
    "<!",
    "<?xml",
  ],
  ...[
    "<!doctype",
    "<style",
    "<style>",
    "<script>",
    "</script",
    "<svg>",
    "<svg",
    "<title>",
    "<x:y>",
    "<x-y",
    "<![if",
  ],
  ...[
    '=" ',
    "= '",
    ' a="',
    " a=b",
    "&amp;",
    "&amp",
    "&#",
    "&#x",
    "&#1;",
    "&zwnj;",
    "&nbsp;",
    "&a",
    "<name>",
    "a<b ",
  ],
  ...[
    "<a@b.example>",
    "a@b",
    '"a" <',
    "a@[",
    "(a",
    "\\(",
    "=?utf-8?q?",
    "?=",
    "<a@b> ",
    "<a@b",
    "@b>",
    " \r\n\t",
  ],
  ...[
    '; a="',
    '; a="\\"',
    "; a=b",
    ";   ",
    "; boundary=",
    "utf-8'",
    "%41",
    "cid:",
    "cid:a",
    'src="cid:',
    "a/b",
    "../",
  ],
  ...["\n ", "\n\n", "\u200d\u200d", " \u200c", "\u034f ", "aaaaaaaaaaaaaaaa", "                "],
];

describe("1 MB takes linear time", () => {
  // Each reader gets another share of the pairs. Together they cover all.
  const SHARES = 8;
  it.each(READERS.map(([name, ...reader], nth) => [name, nth, ...reader] as const))(
    "%s",
    async (_name, nth, read, length) => {
      const share = [...PAIRS, ...TOKENS].filter((_, at) => at % SHARES === nth % SHARES);
      for (const unit of ["<a ", "&#", "<!--", '<a b="', ...share])
        await expectLinear(read, unit, ["", ""], length);
    },
  );

  it.each([
    ["of a reading call", errorOf],
    ["of a send", sendErrorOf],
  ])("the message of a provider error %s", async (_name, read) => {
    const readMessage = async (message: string) => {
      const answer = Response.json({ request_id: "x", error: { type: "x", message } }, { status: 400 });
      expect((await read(answer)).message.length).toBeLessThanOrEqual(200);
    };
    for (const unit of ["<", "< ", "<a", "<a ", "a<", "> <", "\n<", " "])
      await expectLinear(readMessage, unit);
  });
});

/** Reads the file of a form to its end. */
async function readForm(content: string): Promise<void> {
  const boundary = "-".repeat(70);
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n`;
  const bytes = new TextEncoder().encode(head + content);
  let at = 0;
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
    if (at >= bytes.length) return controller.close();
    controller.enqueue(bytes.subarray(at, at + 4096));
    at += 4096;
  };
  const stream = new ReadableStream<Uint8Array>({ pull }, { highWaterMark: 0 });
  const read = async () => {
    for await (const { body } of parseMultipart(stream, boundary, Number.POSITIVE_INFINITY)) {
      for await (const _piece of body);
    }
  };
  await expect(read()).rejects.toThrow();
}

it.each([
  ["carriage returns", "\r"],
  ["beginnings of the boundary", `\r\n--${"-".repeat(69)}`],
  ["dashes", "-"],
])("a form with %s takes time in proportion to its length", async (_name, unit) => {
  await expectLinear(readForm, unit, ["", ""], 16 * MIB);
});

it("a log line takes time in proportion to its length", async () => {
  const written = vi.spyOn(console, "info").mockReturnValue();
  for (const unit of ["x", "@", "x@", "/@", "eyJ", "eyJx.", ".", "/"])
    await expectLinear((text) => log("info", "test", { text }), unit);
  written.mockRestore();
});
