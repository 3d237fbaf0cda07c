// Small pictures and videos, made byte by byte.

const text = (value: string): Uint8Array => Uint8Array.from(value, (each) => each.charCodeAt(0));

export const join = (...parts: (Uint8Array | string | number[])[]): Uint8Array<ArrayBuffer> => {
  const bytes = parts.map((part) => (typeof part === "string" ? text(part) : Uint8Array.from(part)));
  const joined = new Uint8Array(bytes.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const each of bytes) {
    joined.set(each, at);
    at += each.length;
  }
  return joined;
};

export const big = (value: number, length = 4): number[] =>
  Array.from({ length }, (_, nth) => Math.floor(value / 256 ** (length - 1 - nth)) % 256);
const little = (value: number, length = 4): number[] => big(value, length).reverse();

/** What must not be found in a stored file. */
export const SECRET = "41.311081N-69.240562E";

/** EXIF data with an orientation and a position. */
export const exif = (orientation: number): Uint8Array =>
  join(
    "II*\0",
    little(8),
    little(2, 2),
    [
      ...[...little(0x0112, 2), ...little(3, 2), ...little(1), ...little(orientation, 2), 0, 0],
      ...[...little(0x010e, 2), ...little(2, 2), ...little(SECRET.length + 1), ...little(38)],
      ...little(0),
    ],
    SECRET,
    [0],
  );

export const segment = (marker: number, body: Uint8Array | string): Uint8Array =>
  join([0xff, marker], big(body.length + 2, 2), body);

/** The smallest grey JPEG: 8 by 8 pixels. */
const QUANTIZATION = segment(0xdb, join([0], new Uint8Array(64).fill(16)));
const FRAME = segment(0xc0, join([8, 0, 8, 0, 8, 1, 1, 0x11, 0]));
const TABLES = join(
  segment(0xc4, join([0x00, 1, ...Array(15).fill(0), 0])),
  segment(0xc4, join([0x10, 1, ...Array(15).fill(0), 0])),
);
const SCAN = join(segment(0xda, join([1, 1, 0, 0, 63, 0])), [0x3f]);

/** @param extra segments before the frame @param after what comes after the end */
export const jpeg = (
  extra: Uint8Array = new Uint8Array(),
  after: Uint8Array | string = "",
): Uint8Array<ArrayBuffer> =>
  join([0xff, 0xd8], extra, QUANTIZATION, FRAME, TABLES, SCAN, [0xff, 0xd9], after);

/** A JPEG with EXIF, XMP and comments that tell a position. */
export const taggedJpeg = (orientation: number): Uint8Array<ArrayBuffer> =>
  jpeg(
    join(
      segment(0xe0, "JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
      segment(0xe1, join("Exif\0\0", exif(orientation))),
      segment(0xe1, `http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>${SECRET}</x:xmpmeta>`),
      segment(0xed, `Photoshop 3.0\0${SECRET}`),
      segment(0xe2, `MPF\0${SECRET}`),
      segment(0xfe, `<script>alert("${SECRET}")</script>`),
    ),
    jpeg(segment(0xe1, join("Exif\0\0", exif(1)))),
  );

function crc32(bytes: Uint8Array): number {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}

export const chunk = (type: string, body: Uint8Array | string | number[] = ""): Uint8Array => {
  const named = join(type, body);
  return join(big(body.length), named, big(crc32(named)));
};

const PNG_START = "\x89PNG\r\n\x1a\n";
/** One red pixel, in a stored block of zlib. */
const PIXEL = [0x78, 1, 1, 4, 0, 0xfb, 0xff, 0, 255, 0, 0, 3, 0, 1, 0];

/** @param extra chunks before the pixels */
export const png = (extra: Uint8Array = new Uint8Array(), after = ""): Uint8Array<ArrayBuffer> =>
  join(
    PNG_START,
    chunk("IHDR", [...big(1), ...big(1), 8, 2, 0, 0, 0]),
    extra,
    chunk("IDAT", PIXEL),
    chunk("IEND"),
    after,
  );

export const taggedPng = (orientation: number): Uint8Array<ArrayBuffer> =>
  png(
    join(
      chunk("eXIf", exif(orientation)),
      chunk("tEXt", `Comment\0${SECRET}`),
      chunk("iTXt", `XML:com.adobe.xmp\0\0\0\0\0${SECRET}`),
      chunk("zTXt", `Raw\0\0${SECRET}`),
      chunk("pHYs", [...big(2835), ...big(2835), 1]),
      chunk("prVt", SECRET),
    ),
    SECRET,
  );

const riff = (type: string, body: Uint8Array | string | number[]): Uint8Array =>
  join(type, little(body.length), body, body.length % 2 ? [0] : []);

/** A lossless WebP of one pixel. */
export const WEBP_PIXEL = [0x2f, 0, 0, 0, 0x10, 0x07, 0x10, 0x11, 0x11, 0x88, 0x88, 0xfe, 0x07, 0];

export const webp = (...chunks: Uint8Array[]): Uint8Array<ArrayBuffer> => {
  const body = join("WEBP", ...chunks);
  return join("RIFF", little(body.length), body);
};

export const plainWebp = (): Uint8Array<ArrayBuffer> => webp(riff("VP8L", WEBP_PIXEL));

export const taggedWebp = (orientation: number): Uint8Array<ArrayBuffer> =>
  join(
    webp(
      riff("VP8X", [0x0c, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
      riff("VP8L", WEBP_PIXEL),
      riff("EXIF", exif(orientation)),
      riff("XMP ", `<x:xmpmeta>${SECRET}</x:xmpmeta>`),
      riff("secr", SECRET),
    ),
    SECRET,
  );

/** One white pixel. @param extra blocks before it */
export const gif = (extra: Uint8Array | string = "", after = ""): Uint8Array<ArrayBuffer> =>
  join(
    "GIF89a",
    [1, 0, 1, 0, 0x80, 0, 0, 255, 255, 255, 0, 0, 0],
    extra,
    [0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3b],
    after,
  );

const sub = (value: string): Uint8Array => join([value.length], value);
export const NETSCAPE = join([0x21, 0xff], sub("NETSCAPE2.0"), [3, 1, 0, 0, 0]);

export const taggedGif = (): Uint8Array<ArrayBuffer> =>
  gif(
    join(
      NETSCAPE,
      join([0x21, 0xfe], sub(SECRET), [0]),
      join([0x21, 0xff], sub("XMP DataXMP"), sub(SECRET), [0]),
      [0x21, 0xf9, 4, 0, 0, 0, 0, 0],
    ),
    SECRET,
  );

export const box = (type: string, ...parts: (Uint8Array | string | number[])[]): Uint8Array => {
  const body = join(...parts);
  return join(big(body.length + 8), type, body);
};

export const track = (sample: string): Uint8Array =>
  box(
    "trak",
    box("tkhd", new Uint8Array(84)),
    box("udta", box("name", SECRET)),
    box(
      "mdia",
      box("mdhd", new Uint8Array(24)),
      box("minf", box("stbl", box("stsd", big(0), big(1), box(sample, new Uint8Array(70))))),
    ),
  );

/** @param brand qt or isom */
export const video = (
  brand: string,
  { sample = "avc1", pictures = text("frames") as Uint8Array } = {},
): Uint8Array<ArrayBuffer> =>
  join(
    box("ftyp", brand.padEnd(4), big(512), brand.padEnd(4)),
    box("free", SECRET),
    box("uuid", text("\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac"), SECRET),
    box(
      "moov",
      box("mvhd", new Uint8Array(100)),
      track(sample),
      box("udta", box("\xa9xyz", SECRET), box("loci", SECRET)),
      box("meta", box("keys", "mdtacom.apple.quicktime.location.ISO6709"), box("ilst", SECRET)),
    ),
    box("mdat", pictures),
    box("sefd", SECRET),
  );

export const element = (id: number[], body: Uint8Array | string, size = body.length): Uint8Array =>
  join(id, [0x10 | Math.floor(size / 2 ** 24), ...big(size, 3)], body);

const UNKNOWN = [0x01, 255, 255, 255, 255, 255, 255, 255];

export const webm = (pictures: Uint8Array | string = "frames"): Uint8Array<ArrayBuffer> =>
  join(
    element([0x1a, 0x45, 0xdf, 0xa3], join([0x42, 0x82, 0x84], "webm")),
    [0x18, 0x53, 0x80, 0x67],
    UNKNOWN,
    element([0x16, 0x54, 0xae, 0x6b], "track"),
    element([0x12, 0x54, 0xc3, 0x67], `LOCATION ${SECRET}`),
    [0x1f, 0x43, 0xb6, 0x75],
    UNKNOWN,
    element([0xe7], "\0"),
    element([0xa3], pictures),
    element([0x19, 0x41, 0xa4, 0x69], SECRET),
  );
