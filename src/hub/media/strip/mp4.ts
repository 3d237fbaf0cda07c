import { ascii, bytesOf, counter, damaged, RefusedFile, type Source } from "../../../lib/byte-source.ts";
import { type Box, MOST_NESTED, readBox } from "../../../lib/mp4-box.ts";

// The index of a video has offsets into the file, so nothing is left out: metadata becomes a box of zeros that is free.

/** Boxes that are entered. Metadata is in boxes beside those that a player needs. */
const ENTERED = new Set(["moov", "trak", "mdia", "minf", "stbl", "moof", "traf"]);

/** What a player needs of a file. */
const KEPT_IN_FILE = new Set([
  "ftyp",
  "styp",
  "moov",
  "mdat",
  "moof",
  "mfra",
  "sidx",
  "ssix",
  "pdin",
  "prft",
  "emsg",
]);

/** Metadata, wherever it stands: positions (©xyz, loci, com.apple.quicktime.location), XMP, makers' own boxes. */
const BLANKED = new Set(["udta", "meta", "uuid", "free", "skip", "wide", "cprt"]);

const MOST_BOXES = 20_000;
const MOST_SAMPLE_BYTES = 64 * 1024;
/** Version, kind of handler, and what it is for. */
const HANDLER_BYTES = 12;

/** Tracks that record where the camera was: their samples lie among those of the picture. */
const POSITIONS = /gpmd|camm|rtmd|location\.ISO6709/;

/** What is counted and found on the way through a file. */
interface Findings {
  count(): void;
  /** How many boxes are open. */
  depth: number;
  /** What the tracks are: vide, soun. */
  handlers: Set<string>;
}

/**
 * An MP4 or QuickTime video (ISO 14496-12) without metadata.
 * @returns true if it has sound and no picture
 * @throws RefusedFile, also for a track of positions, which cannot be removed
 */
export async function* stripMp4(source: Source): AsyncGenerator<Uint8Array, boolean> {
  const count = counter(MOST_BOXES);
  const found: Findings = { count, depth: 0, handlers: new Set() };
  let hasIndex = false;
  for (;;) {
    const { length } = await source.peek(8);
    if (length < 8) break;
    count();
    const box = await readBox(source);
    hasIndex ||= box.type === "moov";
    if (!KEPT_IN_FILE.has(box.type)) yield* free(source, box);
    else yield* passBox(source, box, found);
  }
  if (!hasIndex) throw damaged();
  return found.handlers.has("soun") && !found.handlers.has("vide");
}

/** Passes the boxes within a box. */
async function* passInner(source: Source, length: number, found: Findings): AsyncGenerator<Uint8Array, void> {
  if (++found.depth > MOST_NESTED) throw damaged();
  let left = length;
  while (left >= 8) {
    found.count();
    const box = await readBox(source);
    left -= box.head.length + box.length;
    if (left < 0) throw damaged();
    if (BLANKED.has(box.type)) yield* free(source, box);
    else yield* passBox(source, box, found);
  }
  yield* source.blank(left);
  found.depth--;
}

async function* passBox(source: Source, box: Box, found: Findings): AsyncGenerator<Uint8Array, void> {
  yield box.head;
  if (box.type === "cmov") throw damaged(); // compressed: what is in it cannot be seen
  if (box.type === "stsd") yield await checkSamples(source, box);
  else if (box.type === "hdlr") yield* passHandler(source, box, found);
  else if (!ENTERED.has(box.type)) yield* source.pass(box.length);
  else if (box.length === Number.POSITIVE_INFINITY) throw damaged();
  else yield* passInner(source, box.length, found);
}

async function* passHandler(
  source: Source,
  { length }: Box,
  { handlers }: Findings,
): AsyncGenerator<Uint8Array, void> {
  if (length < HANDLER_BYTES) throw damaged();
  const head = await source.take(HANDLER_BYTES);
  handlers.add(ascii(head, 8, 4));
  yield head;
  yield* source.pass(length - HANDLER_BYTES);
}

async function checkSamples(source: Source, { length }: Box): Promise<Uint8Array> {
  if (length > MOST_SAMPLE_BYTES) throw damaged();
  const samples = await source.take(length);
  if (POSITIONS.test(new TextDecoder().decode(samples)))
    throw new RefusedFile("The video records positions in a track of its own. Upload it without this track.");
  return samples;
}

async function* free(source: Source, { head, length }: Box): AsyncGenerator<Uint8Array, void> {
  const named = Uint8Array.from(head);
  named.set(bytesOf("free"), 4);
  yield named;
  yield* source.blank(length);
}
