import { type Entity, readEntity } from "./entity.ts";
import { headerOf, paramOf } from "./headers.ts";

/** Decodes the encoded words of a header (RFC 2047), and raw UTF-8. */
export function decodeWords(header: string): string {
  const joined = header.replace(/(\?=)\s+(?==\?)/g, "$1");
  const decoded = joined.replace(
    /=\?([^?*\s]+)(?:\*[^?]*)?\?([bq])\?([^?]*)\?=/gi,
    (_, charset: string, kind: string, text: string) => {
      const bytes =
        kind.toLowerCase() === "b"
          ? Buffer.from(text, "base64")
          : Buffer.from(
              text.replaceAll("_", " ").replace(/=([0-9a-f]{2})/gi, (_, hex) => byte(hex)),
              "latin1",
            );
      // So that what is decoded here is not taken for bytes below.
      return Buffer.from(decodeText(bytes, charset)).toString("latin1");
    },
  );
  return decodeText(Buffer.from(decoded, "latin1"), "utf-8");
}

/** Decodes bytes; with an unknown charset, as UTF-8. */
export function decodeText(bytes: Uint8Array, charset: string): string {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes);
  }
}

const byte = (hex: string): string => String.fromCharCode(Number.parseInt(hex, 16));

/** The text of all text parts of a message, decoded: what a search looks into. */
export function searchableText(raw: Buffer): string {
  const texts: string[] = [];
  const visit = (entity: Entity): void => {
    for (const part of entity.parts) visit(part);
    if (entity.message) visit(entity.message);
    if (entity.type.toLowerCase() !== "text") return;
    const body = raw.subarray(entity.body, entity.end);
    texts.push(decodeText(decodeBody(entity, body), paramOf(entity.contentType, "charset") ?? "utf-8"));
  };
  visit(readEntity(raw));
  return texts.join("\n");
}

function decodeBody(entity: Entity, body: Buffer): Buffer {
  const encoding = headerOf(entity.headers, "content-transfer-encoding")?.toLowerCase();
  const text = body.toString("latin1");
  if (encoding === "base64") return Buffer.from(text, "base64");
  if (encoding !== "quoted-printable") return body;
  const decoded = text.replace(/=\r?\n/g, "").replace(/=([0-9a-f]{2})/gi, (_, hex) => byte(hex));
  return Buffer.from(decoded, "latin1");
}
