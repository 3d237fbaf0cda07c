import { cut } from "./line.ts";

/**
 * Builds a Content-Disposition (RFC 6266): an ASCII name for old clients, UTF-8 for others, 200 characters each.
 */
export function contentDisposition(filename: string): string {
  const name = cut(filename.replace(/[\p{C}/\\]/gu, "_"), 200);
  const ascii = name.replace(/[^\x20-\x7e]|["%]/g, "_");
  const encoded = encodeURIComponent(name.toWellFormed()).replace(/['()*]/g, escapeCharacter);
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}

const escapeCharacter = (character: string): string =>
  `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
