import { ascii, RefusedFile, type Source } from "../../../lib/byte-source.ts";
import { lazy } from "../../../lib/lazy.ts";
import { stripGif } from "./gif.ts";
import { stripJpeg } from "./jpeg.ts";
import { stripMp4 } from "./mp4.ts";
import { stripPng } from "./png.ts";
import { stripWebm } from "./webm.ts";
import { stripWebp } from "./webp.ts";

/** How many of the first bytes tell the type. */
export const HEAD_BYTES = 64;

/** What people take a file for. */
export type Family = "image" | "video" | "voice" | "document" | "other";

/** A type of files, by which it is served. */
export interface FileType {
  name: string;
  family: Family;
  /** By the first bytes, each as one character. */
  begins: RegExp;
  /** The name of a video that has sound and no picture. */
  sound?: string;
  /**
   * Streams a file without its metadata, in bounded memory and linear time.
   * @returns true for a video that has sound and no picture
   * @throws RefusedFile
   */
  strip(source: Source): AsyncGenerator<Uint8Array, unknown>;
}

const image = (name: string, begins: RegExp, strip: FileType["strip"]): FileType => ({
  ...{ name: `image/${name}`, family: "image", begins, strip },
});
const video = (name: string, begins: RegExp, strip: FileType["strip"], sound: string): FileType => ({
  ...{ name: `video/${name}`, family: "video", begins, strip, sound: `audio/${sound}` },
});
const whole = (family: Family, name: string, begins: RegExp): FileType => ({
  ...{ name, family, begins, strip: (source) => source.pass(Number.POSITIVE_INFINITY) },
});

export const pictures = lazy((): FileType[] => [
  image("jpeg", /^\xff\xd8\xff/, stripJpeg),
  image("png", /^\x89PNG\r\n\cZ\n/, stripPng),
  image("webp", /^RIFF.{4}WEBPVP8/s, stripWebp),
  image("gif", /^GIF8[79]a/, stripGif),
]);

/** Pictures and videos that browsers show. */
export const pictured = lazy((): FileType[] => [
  ...pictures(),
  video("quicktime", /^.{4}ftypqt /s, stripMp4, "mp4"),
  video(
    "mp4",
    /^.{4}ftyp(iso[0-9a-z]|mp4[12]|avc1|M4V[ HP]|dash|MSNV|mmp4|cmf[cs2]|f4v |XAVC)/s,
    stripMp4,
    "mp4",
  ),
  video("webm", /^\cZE\xdf\xa3.*?\x42\x82.{1,8}webm/s, stripWebm, "webm"),
]);

/** HEIF, AVIF, TIFF and what cameras write, and JPEG XL: they have positions that nothing here can remove. */
const CAMERA =
  /^(.{4}ftyp(hei[cxms]|hev[cxms]|mif[12]|msf1|avi[fs]|crx )|(II|MM)(\*\0|\0\*|\+\0|\0\+)|II(R[OS]\cH|U\0)|FUJIFILMCCD|.{4}JXL )/s;

// biome-ignore lint/correctness/useYield: it always throws
async function* refuse(): AsyncGenerator<Uint8Array, void> {
  throw new RefusedFile(
    "Positions cannot be removed from such a picture. Upload it as JPEG, PNG, WebP or GIF.",
  );
}

/**
 * Everything. Security: what a browser would run, such as HTML, SVG and scripts, is text: it is only saved, never shown.
 */
export const all = lazy((): FileType[] => [
  ...pictured(),
  { name: "application/octet-stream", family: "image", begins: CAMERA, strip: refuse },
  video("3gpp", /^.{4}ftyp3g/s, stripMp4, "3gpp"),
  video("mp4", /^.{4}ftyp/s, stripMp4, "mp4"),
  video("x-matroska", /^\cZE\xdf\xa3.*?\x42\x82.{1,8}matroska/s, stripWebm, "x-matroska"),
  whole("voice", "audio/mpeg", /^(ID3[\cB-\cD]|\xff[\xe2\xe3\xf2\xf3\xfa\xfb])/),
  whole("voice", "audio/aac", /^\xff[\xf0\xf1\xf8\xf9]/),
  whole("voice", "audio/ogg", /^OggS.{24}(OpusHead|\cAvorbis|Speex {3}|\x7fFLAC)/s),
  whole("voice", "audio/wav", /^RIFF.{4}WAVE/s),
  whole("voice", "audio/flac", /^fLaC/),
  whole("voice", "audio/amr", /^#!AMR/),
  whole("document", "application/pdf", /^%PDF-/),
  whole("document", "application/zip", /^PK(\cC\cD|\cE\cF)/),
  whole("document", "application/x-ole-storage", /^\xd0\xcf\cQ\xe0\xa1\xb1\cZ\xe1/),
  whole("document", "application/gzip", /^[^\xff]\x8b\cH/),
  whole("document", "application/x-7z-compressed", /^7z\xbc\xaf'/),
  whole("document", "application/vnd.rar", /^Rar!\cZ\cG/),
  whole("document", "text/plain", /^(\xff\xfe|\xfe\xff|[\t-\r -~\x80-\xff]+$)/),
  whole("other", "application/octet-stream", /^/),
]);

/** Finds the type of a file by its first bytes, never by its name. @returns null for none of them */
export const typeOf = (head: Uint8Array, types = pictured()): FileType | null => {
  const text = ascii(head);
  return types.find(({ begins }) => begins.test(text)) ?? null;
};
