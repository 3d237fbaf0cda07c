import { invalid } from "../lib/errors.ts";

/** The version of a thread or a draft as an entity tag (RFC 9110 section 8.8.3). */
export const toETag = (version: number): string => `"${version}"`;

/**
 * Reads `If-Match`, which says which version the caller has seen of what it writes to.
 * @returns null when the caller does not mind
 * @throws ServiceError `invalid`
 */
export function parseIfMatch(header: string | undefined): number | null {
  if (header === undefined || header.trim() === "*") return null;
  const version = /^\s*(?:W\/)?"?(\d{1,15})"?\s*$/.exec(header)?.[1];
  if (version === undefined) throw invalid('if-match: must be a version, such as "7"');
  return Number(version);
}
