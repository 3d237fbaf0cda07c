/**
 * How far a client has come: per company, the id of the last event of its log that it has had. One number would
 * not do: a stream merges the logs of several companies, and may be ahead on one and behind on another.
 */
export type Position = Map<number, number>;

/** The header by which an answer tells the position that it was read at; browsers send it back under this name. */
export const POSITION_HEADER = "last-event-id";

/** @param idOf the place in the log of a company */
export const positionAt = (companies: number[], idOf: (company: number) => number): Position =>
  new Map(companies.map((company) => [company, idOf(company)]));

/**
 * A position as clients carry it: the lowest id, each company with how far it is ahead of that, and a checksum,
 * since a position that was cut or mistyped could else pass for a later one. In base 36, of characters that a URL
 * and a header take as they are: `2s.1.4_a~1x7k2f`.
 */
export function formatPosition(position: Position): string {
  const base = Math.min(...position.values(), Number.MAX_SAFE_INTEGER);
  let text = base.toString(36);
  for (const [company, id] of position) {
    text += `.${company.toString(36)}`;
    if (id > base) text += `_${(id - base).toString(36)}`;
  }
  return `${text}~${checksum(text)}`;
}

/** @returns null for what `formatPosition` has not made */
export function parsePosition(token: string): Position | null {
  const [, text, base, companies, sum] = /^((\w+)((?:\.-?\w+)*))~(\w+)$/.exec(token) ?? [];
  if (text === undefined || base === undefined || checksum(text) !== sum) return null;
  const entries = (companies ?? "").split(".").slice(1);
  return new Map(
    entries.map((entry) => {
      const [company = "", ahead = "0"] = entry.split("_");
      return [Number.parseInt(company, 36), Number.parseInt(base, 36) + Number.parseInt(ahead, 36)];
    }),
  );
}

/** FNV-1a, 32 bits. */
function checksum(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(36);
}
