import { decodeReferences } from "../../lib/entities.ts";

/** What decides whether a file is a picture of the text. */
export interface Picture {
  filename: string;
  content_type: string;
  content_id: string | null;
}

/** By name as by type; the three after each kind are what older programs call it. */
const TYPES = new Map(
  Object.entries({
    "image/png": "png image/x-png",
    "image/jpeg": "jpg jpeg jpe jfif image/jpg image/pjpeg image/x-jpeg image/jfif",
    "image/gif": "gif image/x-gif",
    "image/webp": "webp image/x-webp",
    "image/avif": "avif",
    "image/bmp": "bmp image/x-bmp image/x-ms-bmp image/x-windows-bmp",
  }).flatMap(([type, names]) => [type, ...names.split(" ")].map((name): [string, string] => [name, type])),
);

/** Types that say nothing: many mail programs call an image mere bytes, so its name counts. */
const VAGUE = /^(application\/(octet-stream|binary|x-unknown)|binary\/octet-stream|image\/(\*|unknown)|)$/;

/**
 * The type under which every browser shows a file as a picture, null for one that is none. An SVG is a document, and
 * HEIC is shown by hardly any browser: both are files.
 */
export function imageType({ content_type, filename }: Omit<Picture, "content_id">): string | null {
  const type = content_type.trim().toLowerCase();
  if (!VAGUE.test(type)) return type.includes("/") ? (TYPES.get(type) ?? null) : null;
  const extension = /\.(\w{3,4})$/.exec(filename.trim())?.[1]?.toLowerCase();
  return (extension && TYPES.get(extension)) || null;
}

/**
 * Which files are the pictures that a mail's HTML shows: the one rule for `is_inline`, `/html` and `has_attachments`.
 * Content-IDs are compared as clients do, whatever their case. Of several files under one Content-ID the first that
 * is a picture is shown; the others, and files that are none, are listed.
 * @param contentIds those of `contentIdsIn`
 * @returns the files by Content-ID, as it was given
 */
export function picturesOf<File extends Picture>(contentIds: string[], files: File[]): Map<string, File> {
  const pictures = new Map<string, File>();
  for (const file of files) {
    const key = file.content_id === null ? "" : keyOf(file.content_id);
    if (key && !pictures.has(key) && imageType(file) !== null) pictures.set(key, file);
  }
  return new Map(
    contentIds.flatMap((id) => {
      const key = keyOf(id);
      const picture = pictures.get(key) ?? pictures.get(key.replace(/[?#].*$/s, ""));
      return picture ? [[id, picture]] : [];
    }),
  );
}

/**
 * Tells which files an HTML that is to be sent names by Content-ID, wherever in it.
 * @returns a function from a file's Content-ID to the one to send it with: null where the file is only attached
 */
export function shownBy(html: string): (contentId: string | null) => string | null {
  const named = new Set(
    Array.from(html.matchAll(/cid:([^\s"'()<>]+)/gi), ([, id = ""]) => keyOf(decodeReferences(id))),
  );
  return (contentId) => (contentId !== null && named.has(keyOf(contentId)) ? contentId : null);
}

/** A Content-ID without what some programs write around it (RFC 2392), in lower case. */
const keyOf = (contentId: string): string =>
  decoded(contentId.trim().replace(/^(?:cid:\s*)+/i, ""))
    .replace(/^<|>$/g, "")
    .trim()
    .toLowerCase();

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
