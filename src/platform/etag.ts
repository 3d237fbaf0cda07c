import { invalid } from "../lib/errors.ts";

/** The version of a thread or a draft as an entity tag (RFC 9110 section 8.8.3). */
export const toETag = (version: number): string => `"${version}"`;

/**
 * Parses `If-Match`: the version of the resource that the caller has seen.
 * @returns null without a condition: no header, or `*`
 * @throws ServiceError invalid
 */
export function parseIfMatch(header: string | undefined): number | null {
  if (header === undefined || header.trim() === "*") return null;
  const version = /^\s*(?:W\/)?"?(\d{1,15})"?\s*$/.exec(header)?.[1];
  if (version === undefined) throw invalid('if-match: must be a version, such as "7"');
  return Number(version);
}
