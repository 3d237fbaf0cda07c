import { MailError } from "../errors.ts";

/** Of a message. Some servers keep no more for a whole folder. */
const MAX_LABELS = 26;

/** In characters. */
const MAX_LENGTH = 100;

/**
 * The labels without repetitions: labels that differ by case alone are one, since the protocol has them so.
 * @throws MailError INVALID
 */
export function checkedLabels(given: string[]): string[] {
  const byName = new Map<string, string>();
  for (const label of given) {
    const name = label.normalize("NFC").trim();
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    if (name === "" || name.length > MAX_LENGTH || /[\x00-\x1f\x7f]/.test(name) || !name.isWellFormed()) {
      const rule = `A label has from 1 to ${MAX_LENGTH} characters, and no control characters`;
      throw new MailError("INVALID", rule);
    }
    const key = name.toLowerCase();
    if (!byName.has(key)) byName.set(key, name);
  }
  if (byName.size > MAX_LABELS) {
    throw new MailError("INVALID", `A message has at most ${MAX_LABELS} labels`);
  }
  return [...byName.values()].sort();
}
