import { ascii, big, counter, damaged, RefusedFile, type Source } from "../../lib/byte-source.ts";
import { type Box, MOST_NESTED, readBox } from "../../lib/mp4-box.ts";
import type { Measures } from "./pictures.ts";

/** Boxes that are entered. All others are passed on as they are. */
const ENTERED = new Set(["moov", "trak", "mdia", "mvex"]);
/** Boxes that are read, and the bytes of each that are needed. */
const READ: Partial<Record<string, number>> = { mvhd: 32, tkhd: 96, hdlr: 12, mehd: 12 };
const MOST_BOXES = 20_000;
const MOST_PIXELS = 16_384;

/** What is found on the way through a file. */
interface Findings {
  count(): void;
  /** How many boxes are open. */
  depth: number;
  hasIndex: boolean;
  timescale: number;
  /** In units of the timescale: of the whole file, and of its fragments. */
  duration: number;
  fragments: number;
  /** The track that is being read. */
  track: { width: number; height: number; isPicture: boolean };
  picture: { width: number; height: number } | null;
}

/**
 * Passes an MP4 video on as it is (ISO 14496-12), wherever its index stands.
 * @returns the size as it is shown, so after a rotation; a duration of 0 if the file does not tell
 * @throws RefusedFile for a file that is damaged, or has no picture
 */
export async function* passMp4(source: Source): AsyncGenerator<Uint8Array, Measures> {
  const found: Findings = {
    count: counter(MOST_BOXES),
    hasIndex: false,
    ...{ depth: 0, timescale: 0, duration: 0, fragments: 0 },
    track: { width: 0, height: 0, isPicture: false },
    picture: null,
  };
  while ((await source.peek(8)).length > 0) yield* passBox(source, await readBox(source), found);
  if (!found.hasIndex) throw damaged();
  if (!found.picture) throw new RefusedFile("The video has no picture.");
  const length = found.duration || found.fragments;
  return {
    ...found.picture,
    duration: found.timescale ? Math.round((length / found.timescale) * 1000) / 1000 : 0,
  };
}

async function* passBox(source: Source, box: Box, found: Findings): AsyncGenerator<Uint8Array, void> {
  const { type, length, head } = box;
  found.count();
  yield head;
  const needed = READ[type];
  if (ENTERED.has(type)) yield* passInner(source, box, found);
  else if (needed === undefined) yield* source.pass(length);
  else {
    const body = await source.take(Math.min(needed, length));
    read(type, body, found);
    yield body;
    yield* source.pass(length - body.length);
  }
}

async function* passInner(
  source: Source,
  { type, length }: Box,
  found: Findings,
): AsyncGenerator<Uint8Array, void> {
  if (length === Number.POSITIVE_INFINITY || ++found.depth > MOST_NESTED) throw damaged();
  if (type === "moov") found.hasIndex = true;
  if (type === "trak") found.track = { width: 0, height: 0, isPicture: false };
  let left = length;
  while (left >= 8) {
    const inner = await readBox(source);
    left -= inner.head.length + inner.length;
    if (left < 0) throw damaged();
    yield* passBox(source, inner, found);
  }
  yield* source.pass(left);
  found.depth--;
  if (type === "trak") keepPicture(found);
}

function keepPicture(found: Findings): void {
  const { width, height, isPicture } = found.track;
  if (found.picture || !isPicture || width < 1 || height < 1) return;
  if (width > MOST_PIXELS || height > MOST_PIXELS)
    throw new RefusedFile(`The sides of the video must be at most ${MOST_PIXELS} pixels.`);
  found.picture = { width, height };
}

function read(type: string, body: Uint8Array, found: Findings): void {
  const isLong = body[0] === 1;
  if (type === "hdlr") found.track.isPicture = ascii(body, 8, 4) === "vide";
  else if (type === "mehd") found.fragments = known(body, 4, isLong ? 8 : 4);
  else if (type === "tkhd") readTrack(body, isLong ? 52 : 40, found);
  else {
    found.timescale = big(body, isLong ? 20 : 12, 4);
    found.duration = isLong ? known(body, 24, 8) : known(body, 16, 4);
  }
}

/** A track header has a matrix of nine numbers, then width and height in 1/65,536 of a pixel. */
function readTrack(body: Uint8Array, matrix: number, { track }: Findings): void {
  const isTurned =
    big(body, matrix, 4) === 0 && big(body, matrix + 16, 4) === 0 && big(body, matrix + 4, 4) !== 0;
  const sides = [matrix + 36, matrix + 40].map((at) => Math.round(big(body, at, 4) / 65_536));
  const [width = 0, height = 0] = isTurned ? sides.reverse() : sides;
  Object.assign(track, { width, height });
}

/** A number; 0 if all its bits are set, which means that it is unknown. */
const known = (body: Uint8Array, at: number, length: number): number =>
  body.subarray(at, at + length).every((byte) => byte === 255) ? 0 : big(body, at, length);
