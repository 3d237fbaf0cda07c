import * as fc from "fast-check";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { HEAD_BYTES, typeOf } from "../../src/hub/media/strip/types.ts";
import { RefusedFile, Source } from "../../src/lib/byte-source.ts";
import * as made from "../support/pictures.ts";

const { big, join, SECRET } = made;

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** What is stored of a file that comes in chunks of this size. */
async function strip(bytes: Uint8Array, size = 65_536): Promise<Uint8Array> {
  const source = new Source(pieces(bytes, size));
  const type = typeOf(await source.peek(HEAD_BYTES));
  if (!type) throw new RefusedFile("type");
  const kept: Uint8Array[] = [];
  for await (const piece of type.strip(source)) kept.push(Uint8Array.from(piece));
  return join(...kept);
}

const has = (bytes: Uint8Array, text: string): boolean => Buffer.from(bytes).includes(text, 0, "latin1");

const MADE: [string, Uint8Array][] = [
  ["JPEG", made.taggedJpeg(6)],
  ["PNG", made.taggedPng(6)],
  ["WebP", made.taggedWebp(6)],
  ["GIF", made.taggedGif()],
  ["MP4", made.video("isom")],
  ["QuickTime", made.video("qt")],
  ["WebM", made.webm()],
];

/** A picture as cameras and programs write it, with a position. */
const encoded = (format: "jpeg" | "png" | "webp" | "gif", orientation: number, options: object = {}) => {
  const raw = Uint8Array.from({ length: 64 * 48 * 3 }, (_, nth) => (nth * 7) % 256);
  return sharp(raw, { raw: { width: 64, height: 48, channels: 3 } })
    .toFormat(format, options)
    .withExif({
      IFD0: { ImageDescription: SECRET },
      IFD3: { GPSLatitudeRef: "N", GPSLatitude: "41/1 18/1 40/1" },
    })
    .withMetadata({ orientation })
    .toBuffer();
};

const pixelsOf = (bytes: Uint8Array, options: object = {}) => sharp(bytes, options).raw().toBuffer();

describe("pictures of real encoders", () => {
  it.each([
    ["jpeg", {}],
    ["jpeg", { progressive: true }],
    ["png", {}],
    ["png", { progressive: true, palette: true }],
    ["webp", {}],
    ["webp", { lossless: true }],
    ["gif", {}],
  ] as const)(
    "%s %j has the same pixels and stays upright, without its position",
    async (format, options) => {
      for (const orientation of [1, 3, 6, 8]) {
        const before = await encoded(format, orientation, options);
        const after = await strip(before);
        expect(has(after, SECRET)).toBe(false);
        expect(await pixelsOf(after)).toEqual(await pixelsOf(before));
        const [was, is] = [await sharp(before).metadata(), await sharp(after).metadata()];
        expect(is.orientation ?? 1).toBe(was.orientation ?? 1);
        expect({ width: is.width, height: is.height, icc: is.icc }).toEqual({
          ...{ width: was.width, height: was.height, icc: was.icc },
        });
      }
    },
  );

  it("an animation keeps its frames, and how often it repeats", async () => {
    for (const format of ["gif", "webp"] as const) {
      const raw = Uint8Array.from({ length: 16 * 48 * 3 }, (_, nth) => (nth * nth) % 251);
      const before = await sharp(raw, { raw: { width: 16, height: 48, channels: 3, pageHeight: 16 } })
        .toFormat(format, { loop: 3, delay: [100, 200, 300] })
        .toBuffer();
      const after = await strip(before);
      const { pages, loop, delay } = await sharp(after, { animated: true }).metadata();
      expect({ pages, loop, delay }).toEqual({ pages: 3, loop: 3, delay: [100, 200, 300] });
      expect(await pixelsOf(after, { animated: true })).toEqual(await pixelsOf(before, { animated: true }));
    }
  });
});

describe("files made byte by byte", () => {
  it.each(MADE)("%s: nothing is left of the position", async (_name, bytes) => {
    expect(has(bytes, SECRET)).toBe(true);
    const after = await strip(bytes);
    expect(has(after, SECRET)).toBe(false);
    expect(has(after, "<script>")).toBe(false);
    expect(has(after, "location")).toBe(false);
  });

  it.each(MADE)("%s: what was stored is stored again as it is", async (_name, bytes) => {
    const once = await strip(bytes);
    expect(await strip(once)).toEqual(once);
  });

  it.each(MADE)("%s: the result is the same, however the bytes are cut into chunks", async (_name, bytes) => {
    const whole = await strip(bytes);
    for (const size of [1, 2, 3, 7, 64]) expect(await strip(bytes, size)).toEqual(whole);
  });

  it("the picture and the sound of a video stay where the index says that they are", async () => {
    for (const bytes of [made.video("isom"), made.video("qt"), made.webm()]) {
      const after = await strip(bytes);
      expect(after.length).toBe(bytes.length);
      expect(Buffer.from(after).indexOf("frames")).toBe(Buffer.from(bytes).indexOf("frames"));
    }
  });

  it("a long WebP element, and one of two bytes, become void elements of their length", async () => {
    for (const tags of ["", "x".repeat(300)]) {
      const video = join(
        made.webm(),
        made.element([0x12, 0x54, 0xc3, 0x67], tags),
        made.element([0xa3], "last"),
      );
      const after = await strip(video);
      expect(after.length).toBe(video.length);
      expect(Buffer.from(after).indexOf("last")).toBe(Buffer.from(video).indexOf("last"));
    }
  });
});

describe("hostile files", () => {
  const refuses = (bytes: Uint8Array, size?: number) =>
    expect(strip(bytes, size)).rejects.toThrow(RefusedFile);

  it.each(MADE)("%s that is cut off anywhere before its end is refused, or clean", async (_name, bytes) => {
    for (let length = 1; length < bytes.length; length++) {
      const result = await strip(bytes.subarray(0, length)).catch((error: unknown) => error);
      if (result instanceof Uint8Array) expect(has(result, SECRET)).toBe(false);
      else expect(result).toBeInstanceOf(RefusedFile);
    }
  });

  it.each(MADE)("%s with changed bytes is refused, or clean of what would run", async (_name, bytes) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 100 }),
        async (changes, size) => {
          const changed = Uint8Array.from(bytes);
          for (const [at, byte] of changes) changed[at] = byte;
          const result = await strip(changed, size).catch((error: unknown) => error);
          expect(result instanceof Uint8Array || result instanceof RefusedFile).toBe(true);
          if (result instanceof Uint8Array) expect(result.length).toBeLessThan(changed.length + 200);
        },
      ),
      { numRuns: 200 },
    );
  });

  it.each<[string, Uint8Array]>([
    ["a JPEG that ends in its scan", made.jpeg().subarray(0, -2)],
    ["a JPEG segment of length 0", made.jpeg(join([0xff, 0xe1, 0, 0]))],
    ["a JPEG segment of length 1", made.jpeg(join([0xff, 0xe1, 0, 1]))],
    ["a JPEG segment longer than the file", join([0xff, 0xd8, 0xff, 0xe1, 0xff, 0xff], "short")],
    ["a JPEG of 100,000 segments", made.jpeg(join(...Array<number[]>(100_000).fill([0xff, 0xfe, 0, 2])))],
    ["a JPEG of a million fillings", made.jpeg(new Uint8Array(1_000_000).fill(0xff))],
    ["a JPEG without a picture", join([0xff, 0xd8, 0xff, 0xd9])],
    ["a PNG chunk of 2 GB", made.png(join(big(0x7fffffff), "IDAT", "x"))],
    ["a PNG chunk of 4 GB", made.png(join(big(0xffffffff), "tEXt", "x"))],
    ["a PNG of 100,000 chunks", made.png(join(...Array<Uint8Array>(100_000).fill(made.chunk("tEXt"))))],
    [
      "a PNG that begins with text",
      join("\x89PNG\r\n\x1a\n", made.chunk("tEXt", "x"), made.png().subarray(8)),
    ],
    ["a WebP chunk longer than the file says", made.webp(join("VP8L", [255, 255, 255, 127], "x"))],
    [
      "a WebP that is longer than its bytes",
      join("RIFF", [255, 255, 255, 127], "WEBPVP8L", [1, 0, 0, 0, 0, 0]),
    ],
    ["a GIF without an end", made.gif().subarray(0, -1)],
    ["a GIF without a picture", join("GIF89a", [1, 0, 1, 0, 0, 0, 0, 0x3b])],
    ["a GIF that is a script", join("GIF89a/*", "*/=1;alert(document.domain)//")],
    ["a video box within a smaller one", join(made.box("ftyp", "isom"), made.box("moov", big(1000), "trak"))],
    ["a video box of length 4", join(made.box("ftyp", "isom"), big(4), "moov")],
    [
      "a video box of 2^63 bytes",
      join(made.box("ftyp", "isom"), big(1), "mdat", [127], new Uint8Array(7).fill(255)),
    ],
    [
      "a compressed index of a video",
      join(made.box("ftyp", "qt  "), made.box("moov", made.box("cmov", SECRET))),
    ],
    ["a video with a track of positions", made.video("isom", { sample: "gpmd" })],
    ["a video without an index", join(made.box("ftyp", "isom"), made.box("mdat", "x"))],
    ["a WebM element of unknown length", join(made.webm(), [0xa3, 255], "x")],
    ["a WebM element of 2^55 bytes", join(made.webm(), [0xa3, 1, 127, 255, 255, 255, 255, 255, 255], "x")],
    ["a WebM id of no length", join(made.webm(), [0, 0, 0])],
  ])("%s is refused", (_name, bytes) => refuses(bytes));

  it("ten million tiny sub-blocks of a GIF cost a walk over the bytes", async () => {
    const blocks = new Uint8Array(10_000_000).fill(1);
    const bytes = made.gif(join([0x21, 0xfe], blocks, [0]));
    expect((await strip(bytes)).length).toBe(made.gif().length);
  });

  it("EXIF data with hostile offsets has no orientation", async () => {
    for (const tiff of [
      "MM\0*\xff\xff\xff\xff",
      "II*\0\x08\0\0\0\xff\xff",
      "MM\0*\0\0\0\x08\xff\xff\x01\x12",
      "",
    ]) {
      const bytes = made.jpeg(made.segment(0xe1, join("Exif\0\0", tiff)));
      expect(await strip(bytes)).toEqual(made.jpeg());
    }
  });

  it("a file is held in memory one chunk at a time", async () => {
    let sent = 0;
    async function* endless(): AsyncGenerator<Uint8Array, void> {
      const frames = new Uint8Array(65_536);
      yield join(
        made.box("ftyp", "isom"),
        made.box("moov", made.track("avc1")),
        big(1),
        "mdat",
        big(50 * 1024 * 1024, 8),
      );
      for (; sent < 50 * 1024 * 1024; sent += frames.length) yield frames;
    }
    const source = new Source(endless());
    let got = 0;
    for await (const piece of typeOf(await source.peek(HEAD_BYTES))!.strip(source)) {
      got += piece.length;
      expect(sent - got).toBeLessThan(65_536 * 2);
    }
    expect(got).toBeGreaterThan(50 * 1024 * 1024);
  });
});
