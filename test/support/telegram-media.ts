import { big, box, join } from "./pictures.ts";

interface Film {
  width: number;
  height: number;
  seconds: number;
  /** Its index comes after its frames, as cameras write it. */
  isIndexLast?: boolean;
  isLong?: boolean;
  hasSound?: boolean;
  isFragmented?: boolean;
  /** By a quarter: it is shown with its sides exchanged. */
  isTurned?: boolean;
  /** How many bytes of frames it has. */
  bytes?: number;
}

const TIMESCALE = 600;
const one = big(0x10000);
const none = big(0);
const UPRIGHT = [...one, ...none, ...none, ...none, ...one, ...none, ...none, ...none, ...big(0x40000000)];
const TURNED = [
  ...none,
  ...one,
  ...none,
  ...big(0xffff0000),
  ...none,
  ...none,
  ...none,
  ...none,
  ...big(0x40000000),
];

/** A small MP4, made byte by byte. */
export function film({ width, height, seconds, ...how }: Film): Uint8Array<ArrayBuffer> {
  const { isLong = false, isTurned = false, isFragmented = false } = how;
  const long = isLong ? 8 : 4;
  const version = [isLong ? 1 : 0, 0, 0, 0];
  const units = Math.round(seconds * TIMESCALE);
  const length = big(isFragmented ? 0 : units, long);
  const track = (handler: string, sides: number[]) =>
    box(
      "trak",
      box(
        "tkhd",
        join(
          version,
          big(0, long),
          big(0, long),
          big(1),
          big(0),
          length,
          new Uint8Array(16),
          isTurned ? TURNED : UPRIGHT,
        ),
        sides.flatMap((side) => big(side * 65_536)),
      ),
      box("mdia", box("mdhd", new Uint8Array(24)), box("hdlr", big(0), big(0), handler, new Uint8Array(13))),
    );
  const index = box(
    "moov",
    box("mvhd", join(version, big(0, long), big(0, long), big(TIMESCALE), length), new Uint8Array(80)),
    ...(how.hasSound ? [track("soun", [0, 0])] : []),
    ...(width > 0 ? [track("vide", [width, height])] : []),
    ...(isFragmented ? [box("mvex", box("mehd", big(0), big(units)))] : []),
    box("udta", "whatever"),
  );
  const frames = box("mdat", new Uint8Array(how.bytes ?? 100).fill(7));
  const start = box("ftyp", "isom", big(512), "isommp42");
  return how.isIndexLast ? join(start, frames, index) : join(start, index, box("free", ""), frames);
}
