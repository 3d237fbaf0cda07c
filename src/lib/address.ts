import { oneLine } from "./line.ts";

/** RFC 5321 section 4.5.3.1: 64 for the local part, 255 for the domain. */
export const MAX_ADDRESS = 320;

const NEVER = String.raw`\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069`;
/** RFC 5322's atext, RFC 6531's UTF-8, and dots anywhere: some providers issued addresses such as `a..b@` and `a.@`. */
const ATOM = String.raw`[^${NEVER}\p{Z}<>()[\],;:\\"@]+`;
const QUOTED = String.raw`"(?:[^${NEVER}\\"]|\\[^${NEVER}])+"`;
/** Letters of any script, digits and hyphens. Also underscores: not allowed in host names, but some have them. */
const LABEL = String.raw`[^${NEVER}\p{Z}\x00-\x2c./:-@[-^\x60{-\x7f]+`;
const LITERAL = String.raw`\[[\w.:-]+\]`;
const ADDRESS = new RegExp(`^(?:${ATOM}|${QUOTED})@(?:${LABEL}(?:\\.${LABEL})*|${LITERAL})$`, "u");

/** True for a deliverable syntax: RFC 5321 section 4.1.2, RFC 6531 section 3.3. Other checks are the provider's. */
export const isAddress = (text: string): boolean => text.length <= MAX_ADDRESS && ADDRESS.test(text);

/**
 * Extracts the addresses from a field that should be a single address. Accepts surrounding blanks, angle brackets, and
 * the members of a group (`Team: a@x.example, b@x.example;`, RFC 5322 section 3.4).
 */
export function addressesIn(text: string): string[] {
  const one = bare(text);
  if (isAddress(one)) return [one];
  return text
    .replace(/^[^@:]*:/, "")
    .split(/[,;]/)
    .map(bare)
    .filter(isAddress);
}

function bare(text: string): string {
  const line = oneLine(text, Number.POSITIVE_INFINITY);
  if (isAddress(line)) return line;
  return line
    .slice(line.lastIndexOf("<") + 1)
    .replace(/>.*$/s, "")
    .trim();
}
