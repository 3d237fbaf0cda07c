import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { boundaryOf, parseMultipart } from "../../src/lib/multipart.ts";

const encoder = new TextEncoder();
const NO_LIMIT = 1e9;

/** A stream of the given pieces, and how many were read. */
function streamOf(pieces: Uint8Array[]) {
  const state = { pulled: 0, cancelled: false };
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const piece = pieces[state.pulled++];
        if (piece) controller.enqueue(piece);
        else controller.close();
      },
      cancel() {
        state.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, state };
}

const bytesOf = (...pieces: (string | Uint8Array)[]): Uint8Array => {
  const all = pieces.map((piece) => (typeof piece === "string" ? encoder.encode(piece) : piece));
  const bytes = new Uint8Array(all.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of all) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
};

function cut(bytes: Uint8Array, places: number[]): Uint8Array[] {
  const borders = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].toSorted(
    (a, b) => a - b,
  );
  return borders.slice(1).map((border, n) => bytes.slice(borders[n], border));
}

async function bytesIn(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return bytesOf(...all);
}

interface Parsed {
  name: string;
  filename: string | null;
  headers: Map<string, string>;
  bytes: Uint8Array;
}

async function parse(pieces: Uint8Array[], boundary = "x", maxBytes = NO_LIMIT): Promise<Parsed[]> {
  const parsed: Parsed[] = [];
  for await (const { body, ...part } of parseMultipart(streamOf(pieces).stream, boundary, maxBytes)) {
    parsed.push({ ...part, bytes: await bytesIn(body) });
  }
  return parsed;
}

const parseText = (text: string) => parse([encoder.encode(text)]);

/** Parses a form of one file with these headers. */
const withHeaders = (headers: string) => parseText(`--x\r\n${headers}\r\n\r\nbytes\r\n--x--\r\n`);

const named = async (parameters: string): Promise<string | null | undefined> =>
  (await withHeaders(`Content-Disposition: form-data${parameters}`))[0]?.filename;

const refusal = (detail: string | RegExp, code = "invalid") =>
  expect.objectContaining({ code, message: expect.stringMatching(detail) });

describe("a boundary", () => {
  it.each([
    ["multipart/form-data; boundary=abc", "abc"],
    ['multipart/form-data; boundary="a b:c"', "a b:c"],
    ["Multipart/Form-Data;BOUNDARY=abc", "abc"],
    ["multipart/form-data; charset=utf-8; boundary=abc;", "abc"],
    ["multipart/form-data ; boundary = abc ", "abc"],
    [
      "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
      "----WebKitFormBoundary7MA4YWxkTrZu0gW",
    ],
    [`multipart/form-data; boundary=${"a".repeat(70)}`, "a".repeat(70)],
  ])("is read from %s", (contentType, boundary) => expect(boundaryOf(contentType)).toBe(boundary));

  it.each([
    ["", "must be multipart/form-data"],
    ["text/plain; boundary=abc", "must be multipart/form-data"],
    ["multipart/mixed; boundary=abc", "must be multipart/form-data"],
    ["multipart/form-datax; boundary=abc", "must be multipart/form-data"],
    ["multipart/form-data", "no boundary"],
    ["multipart/form-data; boundary=", "no boundary"],
    ['multipart/form-data; boundary=""', "no boundary"],
    ['multipart/form-data; boundary="abc', "no boundary"],
    ["multipart/form-data boundary=abc", "must be multipart/form-data"],
    [`multipart/form-data; boundary=${"a".repeat(71)}`, "not valid"],
    ["multipart/form-data; boundary=aб", "not valid"],
  ])("in %j is refused: %s", (contentType, detail) => {
    expect(() => boundaryOf(contentType)).toThrow(refusal(`content-type: .*${detail}`));
  });
});

describe("a malformed form is refused", () => {
  const good = 'Content-Disposition: form-data; name="f"; filename="a"';

  it.each([
    ["an empty body", ""],
    ["a body without its boundary", "abc"],
    ["another boundary", `--y\r\n${good}\r\n\r\nbytes\r\n--y--`],
    ["a boundary and no more", "--x"],
    ["a body cut off in the headers", `--x\r\n${good}`],
    ["a body cut off after the headers", `--x\r\n${good}\r\n\r\n`],
    ["a body cut off in a file", `--x\r\n${good}\r\n\r\nbyt`],
    ["a body cut off in the last boundary", `--x\r\n${good}\r\n\r\nbytes\r\n--`],
    ["a body cut off before the last boundary's dashes", `--x\r\n${good}\r\n\r\nbytes\r\n--x`],
    ["a body cut off between them", `--x\r\n${good}\r\n\r\nbytes\r\n--x-`],
    ["more on a boundary's line", `--x\r\n${good}\r\n\r\nbytes\r\n--xy\r\n${good}\r\n\r\nbytes\r\n--x--`],
    ["lines that end without CR", `--x\n${good}\n\nbytes\n--x--\n`],
    ["a part without headers", "--x\r\n\r\nbytes\r\n--x--"],
    ["a part without a disposition", "--x\r\nContent-Type: text/plain\r\n\r\nbytes\r\n--x--"],
    ["another disposition", '--x\r\nContent-Disposition: attachment; filename="a"\r\n\r\nbytes\r\n--x--'],
    ["a disposition that cannot be read", '--x\r\nContent-Disposition: form-data; name="a\r\n\r\nb\r\n--x--'],
    ["a header without a colon", `--x\r\n${good}\r\nwhat\r\n\r\nbytes\r\n--x--`],
    ["a header without a name", `--x\r\n${good}\r\n: what\r\n\r\nbytes\r\n--x--`],
    ["a header on two lines", `--x\r\n${good};\r\n x=y\r\n\r\nbytes\r\n--x--`],
    ["a continuation of nothing", `--x\r\n ${good}\r\n\r\nbytes\r\n--x--`],
  ])("%s", async (_, text) => {
    await expect(parseText(text)).rejects.toEqual(refusal(/^body: /));
  });

  it("headers of more than 8 KB, in one line or several", async () => {
    for (const more of [`X: ${"x".repeat(8192)}`, "X: y\r\n".repeat(2000).trimEnd()]) {
      await expect(withHeaders(`${good}\r\n${more}`)).rejects.toEqual(refusal("8 KB"));
    }
    expect(await withHeaders(`${good}\r\nX: ${"x".repeat(8000)}`)).toHaveLength(1);
  });

  it("a stream that is too long, in any part", async () => {
    const long = "y".repeat(1000);
    const form = (preamble: string, bytes: string, epilogue: string) =>
      encoder.encode(`${preamble}\r\n--x\r\n${good}\r\n\r\n${bytes}\r\n--x--\r\n${epilogue}`);
    for (const [preamble, bytes, epilogue] of [
      [long, "", ""],
      ["", long, ""],
      ["", "", long],
    ] as const) {
      const pieces = cut(form(preamble, bytes, epilogue), [100, 200]);
      await expect(parse(pieces, "x", 1000)).rejects.toEqual(refusal("1000 bytes", "too_large"));
      expect(await parse(pieces, "x", 1200)).toHaveLength(1);
    }
  });

  it("a stream that breaks off", async () => {
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(new Error("Network connection lost")),
    });
    await expect(parseMultipart(stream, "x", NO_LIMIT).next()).rejects.toEqual(refusal("broke off"));
  });
});

describe("a part", () => {
  it.each([
    ['; name="f"; filename="a.txt"', "a.txt"],
    ["; name=f; filename=a.txt", "a.txt"],
    ['; filename="a.txt"; name="f"', "a.txt"],
    [';name="f";FileName="a.txt";', "a.txt"],
    ['; name="f"; filename=""', ""],
    ['; name="f"', null],
    ['; name="f; filename=b"', null],
    ['; name="f"; filename="a%22b%0D%0ac.txt"', 'a"b\r\nc.txt'],
    ['; name="f"; filename="100%25 %41.txt"', "100%25 %41.txt"],
    ['; name="f"; filename="a\\"b\\\\c"', 'a"b\\c'],
    ['; name="f"; filename="C:\\dir\\a.txt"', "C:\\dir\\a.txt"],
    ['; name="f"; filename="a\\"', "a\\"],
    ['; name="f"; filename="hisob «№1» 📎.pdf"', "hisob «№1» 📎.pdf"],
    [`; name="f"; filename*=UTF-8''hisob%20%C2%AB1%C2%BB.pdf; filename="x"`, "hisob «1».pdf"],
    [`; name="f"; filename="x"; filename*=utf-8'uz'a%22b`, 'a"b'],
    [`; name="f"; filename="x"; filename*=UTF-8''%ff%`, "x"],
    [`; name="f"; filename="x"; filename*=ISO-8859-1''a`, "x"],
  ])("with %s has the filename %j", async (parameters, filename) => {
    expect(await named(parameters)).toBe(filename);
  });

  it("has its headers by lower-case name", async () => {
    const [part] = await withHeaders(
      'CONTENT-DISPOSITION: form-data; name="f"; filename="a"\r\nContent-Type:image/png\r\nX:  y ',
    );
    expect(part).toMatchObject({ name: "f", filename: "a", bytes: encoder.encode("bytes") });
    expect([part?.headers.get("content-type"), part?.headers.get("x")]).toEqual(["image/png", "y"]);
  });

  it("may be skipped", async () => {
    const part = (name: string) => `--x\r\nContent-Disposition: form-data; name=${name}\r\n\r\n${name}\r\n`;
    const { stream } = streamOf(cut(encoder.encode(`${part("a")}${part("b")}--x--`), [30, 50, 52]));
    const names: string[] = [];
    for await (const { name } of parseMultipart(stream, "x", NO_LIMIT)) names.push(name);
    expect(names).toEqual(["a", "b"]);
  });

  it("is read on demand only, and an abandoned form is cancelled", async () => {
    const head = '--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n';
    const pieces = [encoder.encode(head), ...Array.from({ length: 100 }, () => new Uint8Array(1000))];
    const { stream, state } = streamOf(pieces);
    const parts = parseMultipart(stream, "x", NO_LIMIT);
    const { value: part } = await parts.next();
    expect(state.pulled).toBe(1);
    for (const pulled of [2, 3, 4]) {
      await part?.body.next();
      expect(state.pulled).toBe(pulled);
    }
    await parts.return();
    expect(state).toEqual({ pulled: 4, cancelled: true });
  });
});

/** Bytes that contain parts of a boundary. */
const bytes = (boundary: string) => {
  const lookalike = fc.constantFrom(
    "\r",
    "\n",
    "\r\n",
    "-",
    "--",
    `--${boundary}`,
    `\r\n-${boundary}`,
    "\r\n--",
  );
  const piece = fc.oneof(
    lookalike.map((text) => encoder.encode(text)),
    fc.uint8Array({ maxLength: 40 }),
  );
  return fc
    .array(piece, { maxLength: 12 })
    .map((pieces) => bytesOf(...pieces))
    .filter(
      (all) => !new TextDecoder("latin1").decode(bytesOf("\r\n", all, "\r\n")).includes(`\r\n--${boundary}`),
    );
};

const form = fc
  .constantFrom("x", "-", "----", "abcab", "----WebKitFormBoundary7MA4YWxkTrZu0gW", "a b")
  .chain((boundary) =>
    fc.record({
      boundary: fc.constant(boundary),
      files: fc.array(bytes(boundary), { maxLength: 4 }),
      preamble: fc.constantFrom("", "\r\n", "preamble\r\n", "-\r\n\r\n"),
      padding: fc.constantFrom("", " ", "\t "),
      epilogue: fc.constantFrom("", "\r\n", "\r\nepilogue", `\r\n--${boundary}\r\nno part`),
    }),
  );

it("a form parses the same for any split into chunks", async () => {
  const places = fc.array(fc.nat(), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(form, fc.oneof(places, fc.constant("each")), async (given, borders) => {
      const { boundary, files, preamble, padding, epilogue } = given;
      const parts = files.flatMap((file, n) => [
        `--${boundary}${padding}\r\nContent-Disposition: form-data; name="${n}"; filename="№${n}"\r\n\r\n`,
        file,
        "\r\n",
      ]);
      const body = bytesOf(preamble, ...parts, `--${boundary}--${padding}${epilogue}`);
      const pieces = cut(body, borders === "each" ? [...body.keys()] : borders);
      const parsed = await parse(pieces, boundary);
      expect(parsed.map(({ name, filename }) => [name, filename])).toEqual(
        files.map((_, n) => [String(n), `№${n}`]),
      );
      expect(parsed.map((part) => part.bytes)).toEqual(files);
    }),
    { numRuns: 300 },
  );
});

it("any bytes are either a form or refused", async () => {
  const words = fc.constantFrom(
    "--x",
    "--",
    "\r\n",
    "\r\n--x",
    ":",
    ";",
    '"',
    "\\",
    "=",
    "filename",
    "form-data",
    "é",
  );
  const start = fc.constantFrom("", "--x\r\n", '--x\r\nContent-Disposition: form-data; name="f"');
  await fc.assert(
    fc.asyncProperty(
      start,
      fc.array(words, { maxLength: 30 }),
      fc.array(fc.nat()),
      async (head, tail, places) => {
        const outcome = await parse(cut(encoder.encode(head + tail.join("")), places)).catch(
          (error) => error.code,
        );
        expect(Array.isArray(outcome) || outcome === "invalid").toBe(true);
      },
    ),
    { numRuns: 300 },
  );
});
