import { ascii, big, counter, damaged, type Source } from "../../lib/byte-source.ts";

/** What a file shows. */
export interface Measures {
  width: number;
  height: number;
  /** Of a video, in seconds. */
  duration: number;
}

/** Passes a file on as it is, and returns its measures. @throws RefusedFile for a file that is damaged */
export type Pass = (source: Source) => AsyncGenerator<Uint8Array, Measures>;

const MOST_SEGMENTS = 10_000;
const rest = (source: Source) => source.pass(Number.POSITIVE_INFINITY);
const measures = (width: number, height: number): Measures => ({ width, height, duration: 0 });

/** PNG: the first chunk has the size. */
export async function* passPng(source: Source): AsyncGenerator<Uint8Array, Measures> {
  const head = await source.take(24);
  if (ascii(head, 12, 4) !== "IHDR") throw damaged();
  yield head;
  yield* rest(source);
  return measures(big(head, 16, 4), big(head, 20, 4));
}

/** JPEG (ITU T.81): the size is in the frame, which comes after any number of other segments. */
export async function* passJpeg(source: Source): AsyncGenerator<Uint8Array, Measures> {
  const count = counter(MOST_SEGMENTS);
  yield await source.take(2);
  for (;;) {
    count();
    const [mark, marker = 0] = await source.peek(2);
    if (mark !== 0xff) throw damaged();
    if (marker === 0xff) {
      yield await source.take(1); // padding
    } else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) {
      yield await source.take(2);
    } else {
      const head = await source.take(4);
      const length = big(head, 2, 2) - 2;
      // The picture's end or its data, and still no frame.
      if (length < 0 || (marker >= 0xd8 && marker <= 0xda)) throw damaged();
      yield head;
      if (!isFrame(marker)) yield* source.pass(length);
      else {
        const frame = await source.take(5);
        yield frame;
        yield* rest(source);
        return measures(big(frame, 3, 2), big(frame, 1, 2));
      }
    }
  }
}

/** Of C0 to CF, three are tables. */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

/** WebP (RFC 9649): each of its three kinds has the size in its first chunk. */
export async function* passWebp(source: Source): AsyncGenerator<Uint8Array, Measures> {
  const head = await source.take(30);
  yield head;
  yield* rest(source);
  const little = (at: number, length: number): number =>
    big(head.slice(at, at + length).reverse(), 0, length);
  switch (ascii(head, 12, 4)) {
    case "VP8 ":
      return measures(little(26, 2) & 0x3fff, little(28, 2) & 0x3fff);
    case "VP8L":
      return measures((little(21, 4) & 0x3fff) + 1, ((little(21, 4) >>> 14) & 0x3fff) + 1);
    case "VP8X":
      return measures(little(24, 3) + 1, little(27, 3) + 1);
    default:
      throw damaged();
  }
}
