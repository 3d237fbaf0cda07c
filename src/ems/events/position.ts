/**
 * How far a client has read: per company, the id of the last event that it received. A single number is not enough: a
 * stream merges several logs, and can be ahead in one and behind in another.
 */
export type Position = Map<number, number>;

/** The response header with the position of the log at the time of the read. Browsers send it back by this name. */
export const POSITION_HEADER = "last-event-id";

/** @param idOf returns the id of the last event read in a company's log */
export const positionAt = (companies: number[], idOf: (company: number) => number): Position =>
  new Map(companies.map((company) => [company, idOf(company)]));

/**
 * Formats a position for clients, in base 36: the lowest id, each company with its offset from that id, and a checksum.
 * Without the checksum, a truncated position could pass for another valid one. A URL and a header need no escaping.
 * @returns for example `2s.1.4_a~1x7k2f`
 */
export function formatPosition(position: Position): string {
  const base = lowestOf(position);
  const text = headOf(position, base);
  return `${text}~${checksum(text).toString(36)}`;
}

/**
 * Formats the positions of a client that reads on in one company's log. The rest of the position is formatted once.
 * @returns a function that formats the position after an event of the company
 */
export function positionsIn(position: Position, company: number): (id: number) => string {
  const others = new Map(position);
  others.delete(company);
  const lowest = lowestOf(others);
  let [base, head, sum] = [Number.NaN, "", 0];
  return (id) => {
    if (base !== Math.min(lowest, id)) {
      base = Math.min(lowest, id);
      head = headOf(others, base);
      sum = checksum(head);
    }
    const own = entryOf(company, id, base);
    return `${head}${own}~${checksum(own, sum).toString(36)}`;
  };
}

const lowestOf = (position: Position): number => Math.min(...position.values(), Number.MAX_SAFE_INTEGER);

const headOf = (position: Position, base: number): string =>
  [base.toString(36), ...[...position].map(([company, id]) => entryOf(company, id, base))].join("");

const entryOf = (company: number, id: number, base: number): string =>
  `.${company.toString(36)}${id > base ? `_${(id - base).toString(36)}` : ""}`;

/** Parses a position of `formatPosition`. @returns null for any other text */
export function parsePosition(token: string): Position | null {
  const [, text, base, companies, sum] = /^((\w+)((?:\.-?\w+)*))~(\w+)$/.exec(token) ?? [];
  if (text === undefined || base === undefined || checksum(text).toString(36) !== sum) return null;
  const entries = (companies ?? "").split(".").slice(1);
  return new Map(
    entries.map((entry) => {
      const [company = "", ahead = "0"] = entry.split("_");
      return [Number.parseInt(company, 36), Number.parseInt(base, 36) + Number.parseInt(ahead, 36)];
    }),
  );
}

/** FNV-1a, 32 bits. @param start the checksum of the text before this one */
function checksum(text: string, start = 0x811c9dc5): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
