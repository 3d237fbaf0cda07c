import { ascii, bytesOf, counter, damaged, type Source, zeros } from "../../../lib/byte-source.ts";
import { exifOf, orientationOf } from "./orientation.ts";

// The length of the file stands at its start, so nothing is left out: metadata is written over.

/** Chunks that a decoder needs. All others describe or hide something. */
const KEPT = new Set(["VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF", "ICCP"]);

const MOST_CHUNKS = 50_000;
const MOST_EXIF_BYTES = 64 * 1024;

/** Flags of VP8X: EXIF and XMP are there. */
const HAS_EXIF = 0x08;
const HAS_XMP = 0x04;

/**
 * A WebP picture (RFC 9649) without metadata but for its orientation, and without what comes after its end.
 * @throws RefusedFile
 */
export async function* stripWebp(source: Source): AsyncGenerator<Uint8Array, void> {
  const count = counter(MOST_CHUNKS);
  const head = await source.take(12);
  yield head;
  // The length counts from "WEBP" on, and a chunk of an odd length is padded.
  let left = even(little(head, 4)) - 4;
  let hasExif = false;
  for (let isFirst = true; left > 0; isFirst = false) {
    count();
    const chunk = await source.take(8);
    const type = ascii(chunk, 0, 4);
    const length = even(little(chunk, 4));
    left -= 8 + length;
    if (left < 0 || (isFirst && !type.startsWith("VP8"))) throw damaged();
    if (isFirst && type === "VP8X") {
      if (length < 10) throw damaged();
      const flags = Uint8Array.from(await source.take(1));
      hasExif = ((flags[0] ?? 0) & HAS_EXIF) > 0;
      flags[0] = (flags[0] ?? 0) & ~HAS_XMP;
      yield chunk;
      yield flags;
      yield* source.pass(length - 1);
    } else if (KEPT.has(type)) {
      yield chunk;
      yield* source.pass(length);
    } else if (type === "EXIF" && hasExif && length >= 26 && length <= MOST_EXIF_BYTES) {
      const exif = exifOf(orientationOf(await source.take(length)));
      yield chunk;
      yield exif;
      yield* zeros(length - exif.length);
    } else {
      yield Uint8Array.of(...bytesOf("JUNK"), ...chunk.subarray(4));
      yield* source.blank(length);
    }
  }
}

const even = (length: number): number => length + (length % 2);

const little = (bytes: Uint8Array, at: number): number =>
  new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);
