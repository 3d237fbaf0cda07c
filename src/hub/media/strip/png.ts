import { ascii, big, bytesOf, counter, damaged, type Source } from "../../../lib/byte-source.ts";
import { exifOf, orientationOf } from "./orientation.ts";

/** Chunks that a decoder needs: pixels, colours, size of a pixel, animation. All others describe or hide something. */
const KEPT = new Set(
  "IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB cICP mDCV cLLI bKGD hIST pHYs sPLT acTL fcTL fdAT".split(
    " ",
  ),
);

const MOST_CHUNKS = 50_000;
const MOST_EXIF_BYTES = 64 * 1024;

/** A PNG picture (ISO 15948) without metadata but for its orientation, and without what comes after its end. @throws RefusedFile */
export async function* stripPng(source: Source): AsyncGenerator<Uint8Array, void> {
  const count = counter(MOST_CHUNKS);
  yield await source.take(8);
  let isFirst = true;
  for (let type = ""; type !== "IEND"; isFirst = false) {
    count();
    const head = await source.take(8);
    const length = big(head, 0, 4);
    type = ascii(head, 4, 4);
    if (!/^[A-Za-z]{4}$/.test(type) || length > 0x7fffffff) throw damaged();
    if (isFirst !== (type === "IHDR") || (isFirst && length !== 13)) throw damaged();
    if (KEPT.has(type)) {
      yield head;
      yield* source.pass(length + 4);
    } else if (/^[A-Z]/.test(type)) {
      throw damaged(); // without a critical chunk that it does not know, a decoder shows nothing
    } else if (type === "eXIf" && length <= MOST_EXIF_BYTES) {
      const orientation = orientationOf(await source.take(length));
      await source.skip(4);
      if (orientation > 1) yield turned(orientation);
    } else {
      await source.skip(length + 4);
    }
  }
}

const turned = (orientation: number): Uint8Array => {
  const exif = exifOf(orientation);
  const checked = Uint8Array.of(...bytesOf("eXIf"), ...exif);
  const sum = crc32(checked);
  return Uint8Array.of(0, 0, 0, exif.length, ...checked, sum >>> 24, sum >>> 16, sum >>> 8, sum);
};

/** Of a few bytes. */
function crc32(bytes: Uint8Array): number {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}
