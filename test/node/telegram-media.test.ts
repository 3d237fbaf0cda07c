import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stripMp4 } from "../../src/hub/media/strip/mp4.ts";
import { RefusedFile, Source } from "../../src/lib/byte-source.ts";
import { passMp4 } from "../../src/telegram/content/mp4.ts";
import { type Pass, passJpeg, passPng, passWebp } from "../../src/telegram/content/pictures.ts";
import {
  big,
  box,
  join,
  jpeg,
  plainWebp,
  png,
  taggedJpeg,
  taggedPng,
  taggedWebp,
} from "../support/pictures.ts";
import { film } from "../support/telegram-media.ts";

/** Passes a file in pieces. @returns what it was told, and whether all bytes came out as they were */
async function pass(way: Pass, bytes: Uint8Array, piece = 7) {
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
  }
  const chunks = way(new Source(pieces()));
  const out: Uint8Array[] = [];
  for (;;) {
    const { done, value } = await chunks.next();
    if (done) return { ...value, isSame: Buffer.from(join(...out)).equals(Buffer.from(bytes)) };
    out.push(Uint8Array.from(value));
  }
}

describe("the size of a picture", () => {
  it.each([
    ["a JPEG", passJpeg, jpeg(), 8, 8],
    ["a JPEG with metadata", passJpeg, taggedJpeg(6), 8, 8],
    ["a PNG", passPng, png(), 1, 1],
    ["a PNG with metadata", passPng, taggedPng(6), 1, 1],
    ["a lossless WebP", passWebp, plainWebp(), 1, 1],
    ["an extended WebP", passWebp, taggedWebp(1), 1, 1],
  ])("%s is found, and all its bytes are passed on", async (_name, way, bytes, width, height) => {
    for (const piece of [1, 7, 100_000])
      expect(await pass(way, bytes, piece)).toEqual({ width, height, duration: 0, isSame: true });
  });

  it("a lossy WebP of 320 by 240 is found", async () => {
    const chunk = [0, 0, 0, 0x9d, 1, 0x2a, 0x40, 1, 0xf0, 0];
    expect(await pass(passWebp, join("RIFF", [22, 0, 0, 0], "WEBPVP8 ", [10, 0, 0, 0], chunk))).toMatchObject(
      {
        width: 320,
        height: 240,
      },
    );
  });

  it("a JPEG without a frame before its data is refused", async () => {
    const bytes = join([0xff, 0xd8, 0xff, 0xda, 0, 2], new Uint8Array(50));
    await expect(pass(passJpeg, bytes)).rejects.toThrow(RefusedFile);
  });
});

describe("a video", () => {
  it.each([
    ["its index in front", film({ width: 640, height: 360, seconds: 12.5 })],
    ["its index at the end", film({ width: 640, height: 360, seconds: 12.5, isIndexLast: true })],
    ["times of 64 bits", film({ width: 640, height: 360, seconds: 12.5, isLong: true })],
    ["sound before the picture", film({ width: 640, height: 360, seconds: 12.5, hasSound: true })],
    ["fragments", film({ width: 640, height: 360, seconds: 12.5, isFragmented: true })],
    ["a rotation", film({ width: 360, height: 640, seconds: 12.5, isTurned: true })],
  ])("with %s has its size and length", async (_name, bytes) => {
    for (const piece of [1, 13, 1_000_000])
      expect(await pass(passMp4, bytes, piece)).toEqual({
        width: 640,
        height: 360,
        duration: 12.5,
        isSame: true,
      });
  });

  it.each([
    ["without an index", join(box("ftyp", "isom"), box("mdat", "frames"))],
    ["with sound alone", film({ width: 0, height: 0, seconds: 1, hasSound: true })],
    ["cut off", film({ width: 640, height: 360, seconds: 1, isIndexLast: true }).slice(0, -40)],
    [
      "with a box longer than its parent",
      join(box("ftyp", "isom"), big(20), "moov", big(500), "trak", big(0)),
    ],
    ["with a box shorter than its head", join(box("ftyp", "isom"), big(3), "moov")],
    ["with an index to the end of the file", join(box("ftyp", "isom"), big(0), "moov", box("free", "x"))],
    ["with a million boxes", join(...Array.from({ length: 30_000 }, () => box("free", "")))],
    ["with a picture wider than any screen", film({ width: 60_000, height: 4, seconds: 1 })],
  ])("%s is refused", async (_name, bytes) => {
    await expect(pass(passMp4, bytes)).rejects.toThrow(RefusedFile);
  });
});

it("whatever bytes come, a file is passed on or refused, and never fails otherwise", async () => {
  const good = [jpeg(), png(), plainWebp(), film({ width: 640, height: 360, seconds: 2 })];
  const ways = [passJpeg, passPng, passWebp, passMp4];
  await fc.assert(
    fc.asyncProperty(
      fc.nat(3),
      fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 20 }),
      fc.nat(400),
      async (kind, changes, cut) => {
        const bytes = good[kind]!.slice(0, cut > 300 ? undefined : cut);
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        const told = await pass(ways[kind]!, bytes, 1 + cut).catch((error: unknown) => {
          if (!(error instanceof RefusedFile)) throw error;
          return null;
        });
        expect(told?.isSame ?? true).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});

it.each<[string, (source: Source) => AsyncGenerator<Uint8Array, unknown>]>([
  ["a mailing", passMp4],
  ["the hub", stripMp4],
])("an MP4 of %s with 2,000 boxes, one in the other, is refused", async (_name, way) => {
  const boxes = Array.from({ length: 2000 }, (_, nth) => join(big(8 * (2000 - nth)), "moov"));
  async function* whole() {
    yield join(box("ftyp", "isom"), ...boxes);
  }
  const read = async () => {
    for await (const _ of way(new Source(whole())));
  };
  await expect(read()).rejects.toThrow(RefusedFile);
});
