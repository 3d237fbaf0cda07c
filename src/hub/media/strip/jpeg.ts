import { ascii, big, bytesOf, counter, damaged, type Source } from "../../../lib/byte-source.ts";
import { exifOf, orientationOf } from "./orientation.ts";

const MARKER = 0xff;
const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const APP0 = 0xe0;
const APP1 = 0xe1;
const APP15 = 0xef;
const COMMENT = 0xfe;

/** The application segments that a decoder needs: size of a pixel, colours. All others describe or hide something. */
const KEPT: Partial<Record<number, string>> = { 224: "JFIF\0", 226: "ICC_PROFILE\0", 238: "Adobe" };

const MOST_SEGMENTS = 10_000;

/**
 * A JPEG picture (ITU T.81) without metadata but for its orientation. What comes after its end goes, too: cameras put a
 * second picture there, with a position of its own.
 * @throws RefusedFile
 */
export async function* stripJpeg(source: Source): AsyncGenerator<Uint8Array, void> {
  const count = counter(MOST_SEGMENTS);
  let hasFrame = false;
  let isTurned = false;
  yield await source.take(2);
  for (let marker = await nextMarker(source); marker !== EOI; ) {
    count();
    if (isAlone(marker)) yield Uint8Array.of(MARKER, marker);
    else {
      const head = await source.take(2);
      const length = big(head, 0, 2);
      if (length < 2 || marker === 0 || marker === SOI) throw damaged();
      const body = await source.take(length - 2);
      if (marker === APP1 && !isTurned && ascii(body, 0, 6) === "Exif\0\0") {
        const orientation = orientationOf(body);
        isTurned = orientation > 1;
        if (isTurned) yield turned(orientation);
      }
      if (isKept(marker, body)) {
        yield Uint8Array.of(MARKER, marker, length >> 8, length & 255);
        yield body;
      }
      hasFrame ||= isFrame(marker);
      if (marker === SOS) {
        if (!hasFrame) throw damaged();
        marker = yield* passScan(source);
        continue;
      }
    }
    marker = await nextMarker(source);
  }
  if (!hasFrame) throw damaged();
  yield Uint8Array.of(MARKER, EOI);
}

/** Markers without a segment: TEM, and restarts. */
const isAlone = (marker: number): boolean => marker === 0x01 || isRestart(marker);
const isRestart = (code: number): boolean => code >= 0xd0 && code <= 0xd7;

/** Frame headers: all of C0 to CF but DHT, JPG and DAC. */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

function isKept(marker: number, body: Uint8Array): boolean {
  if (marker === COMMENT) return false;
  if (marker < APP0 || marker > APP15) return true;
  const name = KEPT[marker];
  return name !== undefined && ascii(body, 0, name.length) === name;
}

/** Reads a marker: any number of bytes FF before its code are filling. */
async function nextMarker(source: Source): Promise<number> {
  const count = counter(MOST_SEGMENTS);
  if (big(await source.take(1), 0, 1) !== MARKER) throw damaged();
  for (;;) {
    const code = big(await source.take(1), 0, 1);
    if (code !== MARKER) return code;
    count();
  }
}

const turned = (orientation: number): Uint8Array => {
  const exif = exifOf(orientation);
  const name = bytesOf("Exif\0\0");
  const length = 2 + name.length + exif.length;
  return Uint8Array.of(MARKER, APP1, length >> 8, length & 255, ...name, ...exif);
};

/** Passes the data of a scan. @returns the code of the marker that ends it, which is read */
async function* passScan(source: Source): AsyncGenerator<Uint8Array, number> {
  for (;;) {
    const piece = await source.piece();
    if (!piece) throw damaged();
    const at = endOfScan(piece);
    if (at > 0) yield piece.subarray(0, at);
    source.advance(at);
    if (at === piece.length) continue;
    const end = await source.peek(2);
    if (end.length < 2) throw damaged();
    const code = big(end, 1, 1);
    if (isData(code)) continue; // the chunk ended between the two bytes
    source.advance(2);
    return code;
  }
}

/** Within a scan, FF begins a marker unless one of these follows: a zero, a restart, or another FF. */
const isData = (code: number): boolean => code === 0 || code === MARKER || isRestart(code);

/** @returns where a marker begins, or an FF that the piece ends with; the length without one */
function endOfScan(piece: Uint8Array): number {
  for (let at = piece.indexOf(MARKER); at >= 0; ) {
    const code = piece[at + 1];
    if (code === undefined || !isData(code)) return at;
    at = piece.indexOf(MARKER, code === MARKER ? at + 1 : at + 2);
  }
  return piece.length;
}
