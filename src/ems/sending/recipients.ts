import { isAddress } from "../../lib/address.ts";
import { cut, oneLine } from "../../lib/line.ts";
import type { Address } from "../provider/port.ts";
import type { Original } from "./compose.ts";
import { MAX_SUBJECT, type Recipient } from "./schemas.ts";

/**
 * The recipients of a reply to all (RFC 5322 section 3.6.2). For received mail: Reply-To, else the sender, and the
 * other recipients. For our own mail: its recipients. Our addresses are left out, unless no other is left.
 * @param ours our own addresses
 * @returns an empty `to` when the mail has no valid address
 */
export function replyAllRecipients(original: Original, ours: string[]): { to: Address[]; cc: Address[] } {
  const seen = new Set(ours.map((email) => email.toLowerCase()));
  const others = (list: Address[]) =>
    list.filter(({ email }) => {
      const isNew = isAddress(email) && !seen.has(email.toLowerCase());
      seen.add(email.toLowerCase());
      return isNew;
    });
  const { from, to, cc } = addressesOf(original);
  const replyTo = parseList(original.reply_to_addresses);
  const got = new Set([...to, ...cc].map(({ email }) => email.toLowerCase()));
  const isOurs = original.direction === "outbound";
  const preferred = isOurs ? [] : others(replyTo);
  const direct = [...(isOurs ? [] : preferred.length ? preferred : others([from])), ...others(to)];
  // Reply-To names a recipient, as mailing lists do. The sender may not be subscribed, so copy them.
  const isList = preferred.some(({ email }) => got.has(email.toLowerCase()));
  const copies = others(isList ? [...cc, from] : cc);
  if (direct.length) return { to: direct, cc: copies };
  const [some = isAddress(from.email) ? [from] : []] = [copies, others(replyTo)].filter(
    (list) => list.length,
  );
  return { to: some, cc: [] };
}

/**
 * The recipients of a plain reply: Reply-To, else the sender; for our own mail its To recipients.
 * @returns an empty list when the mail has no valid address
 */
export function replyRecipients(original: Original): Address[] {
  const { from, to } = addressesOf(original);
  const preferred = original.direction === "outbound" ? to : parseList(original.reply_to_addresses);
  return (preferred.length ? preferred : [from]).filter(({ email }) => isAddress(email));
}

/** The addresses of a stored mail, with cleaned display names. */
export const addressesOf = (original: Original): { from: Address; to: Address[]; cc: Address[] } => ({
  from: named({ name: original.from_name, email: original.from_address }),
  to: parseList(original.to_addresses),
  cc: parseList(original.cc_addresses),
});

const parseList = (json: string | null): Address[] => JSON.parse(json ?? "[]").map(named);

/** Cleans display names that were stored before ingest did so. */
const named = ({ name, email }: Recipient): Address => ({ name: oneLine(name ?? "", 200) || null, email });

/** Adds `Re:` or `Fwd:` to a subject unless it has that prefix, and cuts it to 998 characters. */
export function withPrefix(prefix: string, stored: string): string {
  const subject = oneLine(stored, MAX_SUBJECT);
  const isPrefixed = subject.toLowerCase().startsWith(prefix.toLowerCase());
  return isPrefixed ? subject : cut(`${prefix} ${subject}`, MAX_SUBJECT).trim();
}
