import { ascii, big, counter, damaged, type Source, zeros } from "../../../lib/byte-source.ts";

// The index of a video has offsets into the file, so nothing is left out: metadata becomes an element of zeros that is void.

/** EBML, SeekHead, Info, Tracks, Cues, Chapters; and of a cluster: time, blocks, position, size. */
const KEPT = new Set([
  0x1a45dfa3, 0x114d9b74, 0x1549a966, 0x1654ae6b, 0x1c53bb6b, 0x1043a770, 0xe7, 0xa3, 0xa0, 0xa7, 0xab,
]);

/** Segment and Cluster. Their ends are not looked for: elements of both have ids that differ. */
const ENTERED = new Set([0x18538067, 0x1f43b675]);

const VOID = 0xec;
const MOST_ELEMENTS = 200_000;

const TRACKS = 0x1654ae6b;
const MOST_TRACK_BYTES = 16 * 1024;
/** The type of a track is 1 for a picture, 2 for sound. */
const PICTURE = "\x83\x81\x01";
const SOUND = "\x83\x81\x02";

/**
 * A WebM video (RFC 9559) without tags and attachments, which may have a position.
 * @returns true if it has sound and no picture
 * @throws RefusedFile
 */
export async function* stripWebm(source: Source): AsyncGenerator<Uint8Array, boolean> {
  const count = counter(MOST_ELEMENTS);
  let hasCluster = false;
  let isSound = false;
  while (await source.piece()) {
    count();
    const id = await readNumber(source, 4);
    const size = await readNumber(source, 8);
    const kind = big(id, 0, id.length);
    const length = lengthOf(size);
    if (ENTERED.has(kind)) {
      hasCluster ||= kind === 0x1f43b675;
      yield id;
      yield size;
    } else if (length === null) {
      throw damaged();
    } else if (kind === TRACKS && length <= MOST_TRACK_BYTES) {
      const tracks = await source.take(length);
      const text = ascii(tracks);
      isSound = text.includes(SOUND) && !text.includes(PICTURE);
      yield id;
      yield size;
      yield tracks;
    } else if (KEPT.has(kind)) {
      yield id;
      yield size;
      yield* source.pass(length);
    } else {
      await source.skip(length);
      yield* empty(id.length + size.length + length);
    }
  }
  if (!hasCluster) throw damaged();
  return isSound;
}

/** Reads a number whose first bits tell its length. */
async function readNumber(source: Source, most: number): Promise<Uint8Array> {
  const first = (await source.peek(1))[0] ?? 0;
  const length = Math.clz32(first) - 23;
  if (length > most) throw damaged();
  return source.take(length);
}

/** @returns null for an unknown length, which is all ones. @throws RefusedFile for one that no file has */
function lengthOf(size: Uint8Array): number | null {
  const mark = 0x80 >> (size.length - 1);
  const [first = 0, ...rest] = size;
  if (first === 2 * mark - 1 && rest.every((byte) => byte === 255)) return null;
  const value = big(Uint8Array.of(first - mark, ...rest), 0, size.length);
  if (!Number.isSafeInteger(value)) throw damaged();
  return value;
}

/** A void element. @param total its length with id and size */
function* empty(total: number): Generator<Uint8Array, void> {
  if (total < 9) {
    yield Uint8Array.of(VOID, 0x80 + total - 2);
    yield* zeros(total - 2);
    return;
  }
  const head = new Uint8Array(9);
  const view = new DataView(head.buffer);
  view.setUint8(0, VOID);
  view.setBigUint64(1, 2n ** 56n + BigInt(total - 9));
  yield head;
  yield* zeros(total - 9);
}
