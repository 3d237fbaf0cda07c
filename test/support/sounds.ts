import { big, box, element, join } from "./pictures.ts";

// Small files of other kinds than pictures, made byte by byte.

const EBML = (kind: string) =>
  element([0x1a, 0x45, 0xdf, 0xa3], join([0x42, 0x82, 0x80 + kind.length], kind));
const UNKNOWN = [0x01, 255, 255, 255, 255, 255, 255, 255];

/** A WebM file. @param tracks 1 for a picture, 2 for sound */
export const webmOf = (tracks: number[], kind = "webm"): Uint8Array<ArrayBuffer> =>
  join(
    EBML(kind),
    [0x18, 0x53, 0x80, 0x67],
    UNKNOWN,
    element(
      [0x16, 0x54, 0xae, 0x6b],
      join(...tracks.map((type) => element([0xae], join([0x83, 0x81, type])))),
    ),
    [0x1f, 0x43, 0xb6, 0x75],
    UNKNOWN,
    element([0xe7], "\0"),
    element([0xa3], "sound"),
  );

const handler = (type: string) =>
  box("trak", box("mdia", box("hdlr", big(0), big(0), type, new Uint8Array(12), "\0")));

/** An MP4 file. @param tracks vide, soun */
export const mp4Of = (
  brand: string,
  tracks: string[],
  { extra = "" as Uint8Array | string, bytes = 5 } = {},
): Uint8Array<ArrayBuffer> =>
  join(
    box("ftyp", brand, big(0), brand),
    box("mdat", new Uint8Array(bytes)),
    box("moov", box("mvhd", new Uint8Array(100)), ...tracks.map(handler), box("udta", extra)),
  );

export const mp3 = (tag = ""): Uint8Array<ArrayBuffer> =>
  join(tag && join("ID3", [4, 0, 0, 0, 0, 0, 0]), [0xff, 0xfb, 0x90, 0], tag, new Uint8Array(100));

export const opus = (): Uint8Array<ArrayBuffer> =>
  join("OggS", new Uint8Array(22), [1, 19], "OpusHead", new Uint8Array(60));

export const wav = (): Uint8Array<ArrayBuffer> => join("RIFF", [40, 0, 0, 0], "WAVEfmt ", new Uint8Array(60));

export const aac = (): Uint8Array<ArrayBuffer> => join([0xff, 0xf1, 0x50, 0x80], new Uint8Array(60));
