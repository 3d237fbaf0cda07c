import { decodeReferences } from "../../lib/entities.ts";

/** The fields that decide whether a file is an inline image. */
export interface Picture {
  filename: string;
  content_type: string;
  content_id: string | null;
}

/** Image types by file extension and by the names that older programs use. */
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

/** Generic types. Many mail programs send images as plain bytes, so the extension decides. */
const VAGUE = /^(application\/(octet-stream|binary|x-unknown)|binary\/octet-stream|image\/(\*|unknown)|)$/;

/**
 * The image type that all browsers display; null for other files. SVG is a document and few browsers show HEIC, so
 * both are files.
 */
export function imageType({ content_type, filename }: Omit<Picture, "content_id">): string | null {
  const type = content_type.trim().toLowerCase();
  if (!VAGUE.test(type)) return type.includes("/") ? (TYPES.get(type) ?? null) : null;
  const extension = /\.(\w{3,4})$/.exec(filename.trim())?.[1]?.toLowerCase();
  return (extension && TYPES.get(extension)) || null;
}

/**
 * Finds the images that a mail's HTML shows inline. `is_inline`, `/html` and `has_attachments` all use this rule.
 * Content-IDs are compared without case, as mail clients do. Of several files with one Content-ID, the first image
 * is shown; other files are listed.
 * @param contentIds from `contentIdsIn`
 * @returns files by Content-ID as given
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
 * Finds the Content-IDs that outgoing HTML refers to.
 * @returns a function that maps a file's Content-ID to the one to send, or to null when the file is only attached
 */
export function shownBy(html: string): (contentId: string | null) => string | null {
  const named = new Set(
    Array.from(html.matchAll(/cid:([^\s"'()<>]+)/gi), ([, id = ""]) => keyOf(decodeReferences(id))),
  );
  return (contentId) => (contentId !== null && named.has(keyOf(contentId)) ? contentId : null);
}

/** Normalises a Content-ID: no brackets, no `cid:`, URL-decoded, lower case (RFC 2392). */
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
