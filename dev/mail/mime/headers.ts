/** A header field as it stands, a character for each byte. */
export interface Header {
  name: string;
  /** Unfolded, without the blanks around it. */
  value: string;
  /** With its name, its folds and its line end. */
  raw: string;
}

/** Splits a header block into its fields. A line without a colon becomes a field without a name. */
export function readHeaders(block: string): Header[] {
  const fields = block.match(/[^\n]*\n(?:[ \t][^\n]*\n)*|[^\n]+$/g) ?? [];
  return fields
    .filter((raw) => raw.trim() !== "")
    .map((raw) => {
      const colon = raw.indexOf(":");
      const name = raw.slice(0, Math.max(colon, 0)).trim();
      const value = raw.slice(colon + 1).replace(/\r?\n[ \t]/g, " ");
      return { name, value: value.trim(), raw };
    });
}

/** @returns the first field of a name, or null */
export const headerOf = (headers: Header[], name: string): string | null =>
  headers.find((header) => header.name.toLowerCase() === name)?.value ?? null;

/** A structured value: `text/plain; charset=utf-8`. */
export interface Structured {
  value: string;
  /** In their order; the parts of RFC 2231 are joined, and such a name ends with an asterisk. */
  params: [name: string, value: string][];
}

const COMMENT = /\((?:[^()\\]|\\.|\([^()]*\))*\)/g;
const PARAM = /;\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\[\s\S])*)"?|([^;"\s]*))/g;

/** Reads a header such as Content-Type or Content-Disposition. */
export function readStructured(header: string): Structured {
  const text = withoutComments(header);
  const [, value = ""] = /^\s*([^;]*)/.exec(text) ?? [];
  const params = [...text.matchAll(PARAM)].map(([, name = "", quoted, bare]): [string, string] => [
    name,
    quoted === undefined ? (bare ?? "") : quoted.replace(/\\([\s\S])/g, "$1"),
  ]);
  return { value: value.replace(/\s+/g, ""), params: joined(params) };
}

/** Comments are removed where they are outside of quotes. */
const withoutComments = (text: string): string =>
  text
    .split(/("(?:[^"\\]|\\[\s\S])*"?)/)
    .map((part, at) => (at % 2 === 1 ? part : part.replace(COMMENT, " ")))
    .join("");

/** Joins `name*0=` and `name*1*=` of RFC 2231 to one. Such parameters come last, by their names. */
function joined(params: [string, string][]): [string, string][] {
  const plain: [string, string][] = [];
  const pieces = new Map<string, { at: number; isEncoded: boolean; value: string }[]>();
  for (const [name, value] of params) {
    const [, base, at = 0, star] = /^([^*]+)\*(?:(\d+)(\*?)|(?=$))$/.exec(name) ?? [];
    if (base === undefined) {
      plain.push([name, value]);
      continue;
    }
    const found = pieces.get(base) ?? [];
    pieces.set(base, [...found, { at: Number(at), isEncoded: star !== "", value }]);
  }
  for (const [base, found] of [...pieces].sort(([a], [b]) => (a < b ? -1 : 1))) {
    found.sort((a, b) => a.at - b.at);
    const isEncoded = found.some((piece) => piece.isEncoded);
    plain.push([isEncoded ? `${base}*` : base, found.map(({ value }) => value).join("")]);
  }
  return plain;
}

/** @returns a parameter's value, or null */
export const paramOf = ({ params }: Structured, name: string): string | null =>
  params.find(([each]) => each.toLowerCase() === name)?.[1] ?? null;
