import { ascii, big, damaged, type Source } from "./byte-source.ts";

/** The beginning of a box of an MP4 or QuickTime file (ISO 14496-12 section 4.2). */
export interface Box {
  head: Uint8Array;
  type: string;
  /** Of the body, in bytes. Infinity up to the end of the file. */
  length: number;
}

/** How deep boxes are entered: moov, trak, mdia, minf, stbl. A hostile file has thousands, one in the other. */
export const MOST_NESTED = 5;

/** Reads the beginning of a box; its body follows. @throws RefusedFile for a length that cannot be */
export async function readBox(source: Source): Promise<Box> {
  const short = await source.take(8);
  const size = big(short, 0, 4);
  const type = ascii(short, 4, 4);
  if (size === 0) return { head: short, type, length: Number.POSITIVE_INFINITY };
  if (size !== 1) return checked({ head: short, type, length: size - 8 });
  const long = await source.take(8);
  return checked({ head: Uint8Array.of(...short, ...long), type, length: big(long, 0, 8) - 16 });
}

function checked(box: Box): Box {
  if (box.length < 0 || !Number.isSafeInteger(box.length)) throw damaged();
  return box;
}
