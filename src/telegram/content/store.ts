import { ascii, RefusedFile, Source } from "../../lib/byte-source.ts";
import { badField } from "../../lib/field-errors.ts";
import { toHex } from "../../lib/hex.ts";
import { lazy } from "../../lib/lazy.ts";
import type { Part } from "../../lib/multipart.ts";
import { createPartBuffer, putChunks } from "../../platform/put-chunks.ts";
import type { Media } from "../../telegram-account/contract.ts";
import type { UserCtx } from "../context.ts";
import { userNotFound } from "../errors.ts";
import { mailingObject } from "../mailing-object.ts";
import { keyOfMedia } from "../present.ts";
import { findUser } from "../users/find.ts";
import { StoredFile } from "./fields.ts";
import { passMp4 } from "./mp4.ts";
import { type Measures, type Pass, passJpeg, passPng, passWebp } from "./pictures.ts";

const MB = 1024 * 1024;
/** How many of the first bytes tell the type. */
const HEAD_BYTES = 16;
const MOST_SIDES = 10_000;
const MOST_RATIO = 20;

interface Format {
  type: string;
  ending: string;
  /** By the first bytes, each as one character. */
  begins: RegExp;
  pass: Pass;
}

/** What the fields with files take. Telegram's own limits, but for the length of a video. */
const TERMS = lazy(
  (): Record<string, { kind: Media["kind"]; maxMb: number; formats: Format[]; sentence: string }> => ({
    image: {
      kind: "image",
      maxMb: 10,
      sentence:
        "Upload a valid image. The file you uploaded was either not an image or a corrupted image. JPEG, PNG and WebP are taken.",
      formats: [
        { type: "image/jpeg", ending: "jpg", begins: /^\xff\xd8\xff/, pass: passJpeg },
        { type: "image/png", ending: "png", begins: /^\x89PNG\r\n\cZ\n/, pass: passPng },
        { type: "image/webp", ending: "webp", begins: /^RIFF.{4}WEBP/s, pass: passWebp },
      ],
    },
    video: {
      kind: "video",
      maxMb: 50,
      sentence: "Upload a valid video. The file you uploaded was either not an MP4 video or a corrupted one.",
      formats: [
        {
          type: "video/mp4",
          ending: "mp4",
          begins: /^.{4}ftyp(iso[0-9a-z]|mp4[12]|avc1|M4V[ HP]|dash|MSNV|mmp4|cmf[cs2]|f4v )/s,
          pass: passMp4,
        },
      ],
    },
  }),
);

/**
 * Stores an image or a video of a form in R2, in bounded memory. Its type is that of its bytes: the name and the type that
 * the caller gives count for nothing. It goes after an hour unless the mailing takes it.
 * @returns undefined for a field that takes no file
 * @throws ServiceError invalid, on the part's field, for a file that is empty, damaged, too large, or of another type;
 *   not_found for a user that has been deleted meanwhile
 */
export async function storeMedia(ctx: UserCtx, part: Part): Promise<StoredFile | undefined> {
  const terms = Object.hasOwn(TERMS(), part.name) ? TERMS()[part.name] : undefined;
  if (!terms) return undefined;
  const { kind, maxMb, formats, sentence } = terms;
  const source = new Source(limited(part.body, maxMb));
  try {
    const head = ascii(await source.peek(HEAD_BYTES));
    if (head === "") throw new RefusedFile("The submitted file is empty.");
    const format = formats.find(({ begins }) => begins.test(head));
    if (!format) throw new RefusedFile(sentence);
    const media = await putMedia(ctx, source, format);
    if (kind === "image") checkImage(media, sentence);
    return new StoredFile({ ...media, kind, type: format.type });
  } catch (error) {
    throw error instanceof RefusedFile ? badField(part.name, error.message) : error;
  }
}

async function putMedia(
  ctx: UserCtx,
  source: Source,
  { ending, pass }: Format,
): Promise<Omit<Media, "kind" | "type">> {
  const key = keyOfMedia(`${randomName()}.${ending}`);
  // Before the object: whatever breaks off is found by this, and removed after an hour.
  if (!(await mailingObject(ctx).expectFile(key)))
    throw new RefusedFile("Too many files in an hour. Try again later.");
  const measures: Measures = { width: 0, height: 0, duration: 0 };
  const size = await putChunks(
    ctx.env.ATTACHMENTS,
    key,
    measured(pass(source), measures),
    createPartBuffer(),
  );
  // Race: the upload took its time. What came after the erasure of the user, nobody else would remove.
  if (!(await findUser(ctx, ctx.user.id))) {
    await ctx.env.ATTACHMENTS.delete(key);
    throw userNotFound();
  }
  return { key, size, ...measures };
}

/** 128 random bits, in the form of a UUID. */
const randomName = (): string =>
  toHex(crypto.getRandomValues(new Uint8Array(16))).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");

async function* measured(chunks: ReturnType<Pass>, measures: Measures): AsyncGenerator<Uint8Array, void> {
  Object.assign(measures, yield* chunks);
}

/** What Telegram takes for a photo. */
function checkImage({ width, height }: Measures, sentence: string): void {
  if (width < 1 || height < 1) throw new RefusedFile(sentence);
  if (width + height > MOST_SIDES)
    throw new RefusedFile(
      `The width and the height of the image must be at most ${MOST_SIDES} pixels together: they are ${width} and ${height}.`,
    );
  if (Math.max(width, height) > MOST_RATIO * Math.min(width, height))
    throw new RefusedFile(
      `One side of the image must be at most ${MOST_RATIO} times the other: they are ${width} and ${height}.`,
    );
}

async function* limited(
  chunks: AsyncGenerator<Uint8Array, void>,
  maxMb: number,
): AsyncGenerator<Uint8Array, void> {
  let left = maxMb * MB;
  for await (const chunk of chunks) {
    left -= chunk.length;
    if (left < 0) throw new RefusedFile(`The file must be at most ${maxMb} MB.`);
    yield chunk;
  }
}
