import type { MailboxContext } from "../context.ts";
import { bodyOf, textOfPart } from "../mime/body.ts";
import { headersOf } from "../mime/headers.ts";
import type { Part } from "../mime/parts.ts";
import { previewOf } from "../mime/preview.ts";
import { type KeptBody, keepBody, loadBody } from "../store/bodies.ts";
import { atSource, type Source } from "./source.ts";

/** What is read of a mail's text at most: of all its parts together, in bytes as encoded. */
export const MAX_TEXT = 5 << 20;

/** Of all header fields together, in bytes. */
const MAX_HEADER = 256 * 1024;

/** A mail with more texts is no letter. */
const MAX_TEXTS = 50;

/**
 * The body of a message. It is read once: from an IMAP server the texts and the header alone, never the whole mail.
 * @throws MailError as `atSource` does
 */
export async function readBody(ctx: MailboxContext, messageId: string, parts: Part[]): Promise<KeptBody> {
  const kept = await loadBody(ctx, messageId);
  if (kept) return kept;
  const texts = parts.filter(({ role }) => role === "text" || role === "html");
  const body = await atSource(ctx, messageId, (source) => fetchBody(source, texts));
  await keepBody(ctx, messageId, body);
  notePreview(ctx, messageId, body);
  return body;
}

async function fetchBody(source: Source, texts: Part[]): Promise<KeptBody | undefined> {
  const header = await source.read("HEADER", { start: 0, maxLength: MAX_HEADER });
  if (!header) return undefined;
  const bytesOf = new Map<Part, Uint8Array>();
  // One after the other: what a server says of a part's size may be wrong.
  let left = MAX_TEXT;
  let isCut = source.isCut || texts.length > MAX_TEXTS;
  for (const part of texts.slice(0, MAX_TEXTS)) {
    isCut ||= left === 0;
    if (left === 0) break;
    // One byte more tells whether there is more.
    const bytes = await source.read(part.part, { start: 0, maxLength: left + 1 });
    if (!bytes) return undefined;
    isCut ||= bytes.length > left;
    bytesOf.set(part, bytes.subarray(0, left));
    left -= Math.min(bytes.length, left);
  }
  const body = bodyOf([...bytesOf.keys()], (part) => textOfPart(bytesOf.get(part)!, part));
  return { ...body, headers: headersOf(header.subarray(0, MAX_HEADER)), isCut };
}

/** Gives the message its preview in lists, if it has none yet. */
function notePreview(ctx: MailboxContext, messageId: string, body: KeptBody): void {
  ctx.sql.exec(
    "UPDATE messages SET preview = ? WHERE id = ? AND preview IS NULL",
    previewOf(body),
    messageId,
  );
}
