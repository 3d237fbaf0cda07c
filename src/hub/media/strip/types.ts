import { lazy } from "../../../lib/lazy.ts";
import { stripGif } from "./gif.ts";
import { stripJpeg } from "./jpeg.ts";
import { stripMp4 } from "./mp4.ts";
import { stripPng } from "./png.ts";
import { ascii, type Source } from "./source.ts";
import { stripWebm } from "./webm.ts";
import { stripWebp } from "./webp.ts";

/** How many of the first bytes tell the type. */
export const HEAD_BYTES = 64;

/** A type of files, by which it is served. */
export interface FileType {
  name: string;
  isVideo: boolean;
  /** By the first bytes, each as one character. */
  begins: RegExp;
  /** Streams a file without its metadata, in bounded memory and linear time. @throws RefusedFile */
  strip(source: Source): AsyncGenerator<Uint8Array, void>;
}

const image = (name: string, begins: RegExp, strip: FileType["strip"]): FileType => ({
  ...{ name: `image/${name}`, isVideo: false, begins, strip },
});
const video = (name: string, begins: RegExp, strip: FileType["strip"]): FileType => ({
  ...{ name: `video/${name}`, isVideo: true, begins, strip },
});

const types = lazy((): FileType[] => [
  image("jpeg", /^\xff\xd8\xff/, stripJpeg),
  image("png", /^\x89PNG\r\n\cZ\n/, stripPng),
  image("webp", /^RIFF.{4}WEBPVP8/s, stripWebp),
  image("gif", /^GIF8[79]a/, stripGif),
  video("quicktime", /^.{4}ftypqt /s, stripMp4),
  video("mp4", /^.{4}ftyp(iso[0-9a-z]|mp4[12]|avc1|M4V[ HP]|dash|MSNV|mmp4|cmf[cs2]|f4v |XAVC)/s, stripMp4),
  video("webm", /^\cZE\xdf\xa3.*?\x42\x82.{1,8}webm/s, stripWebm),
]);

/** Finds the type of a file by its first bytes, never by its name. @returns null for any other */
export const typeOf = (head: Uint8Array): FileType | null => {
  const text = ascii(head);
  return types().find(({ begins }) => begins.test(text)) ?? null;
};
