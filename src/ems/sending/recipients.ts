import { isAddress } from "../../lib/address.ts";
import { cut, oneLine } from "../../lib/line.ts";
import type { Address } from "../provider/port.ts";
import type { Original } from "./compose.ts";
import { MAX_SUBJECT, type Recipient } from "./schemas.ts";

/**
 * Who gets an answer to all: of a mail of our own those who got it; else whoever wants the answers, by Reply-To or as
 * its sender (RFC 5322 section 3.6.2), and those who got it. Never ourselves, unless it is a mail to oneself.
 * @returns nobody in `to` when the mail names no address
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
  const asked = isOurs ? [] : others(replyTo);
  const direct = [...(isOurs ? [] : asked.length ? asked : others([from])), ...others(to)];
  // A list that has the answers sent to itself takes the place of the sender, who need not be on it.
  const isList = asked.some(({ email }) => got.has(email.toLowerCase()));
  const copies = others(isList ? [...cc, from] : cc);
  if (direct.length) return { to: direct, cc: copies };
  const [some = isAddress(from.email) ? [from] : []] = [copies, others(replyTo)].filter(
    (list) => list.length,
  );
  return { to: some, cc: [] };
}

/**
 * Who gets an answer to the sender alone: of a mail of our own those who got it; else whoever wants the answers, by
 * Reply-To or as its sender.
 * @returns nobody when the mail names no address
 */
export function replyRecipients(original: Original): Address[] {
  const { from, to } = addressesOf(original);
  const asked = original.direction === "outbound" ? to : parseList(original.reply_to_addresses);
  return (asked.length ? asked : [from]).filter(({ email }) => isAddress(email));
}

/** Whom a mail is from, to and copied to. */
export const addressesOf = (original: Original): { from: Address; to: Address[]; cc: Address[] } => ({
  from: named({ name: original.from_name, email: original.from_address }),
  to: parseList(original.to_addresses),
  cc: parseList(original.cc_addresses),
});

const parseList = (json: string | null): Address[] => JSON.parse(json ?? "[]").map(named);

/** What is stored from before names were cleaned when they came. */
const named = ({ name, email }: Recipient): Address => ({ name: oneLine(name ?? "", 200) || null, email });

/** The subject of an answer, `Re: …`, or of a mail that is passed on, `Fwd: …`: with one prefix. */
export function withPrefix(prefix: string, stored: string): string {
  const subject = oneLine(stored, MAX_SUBJECT);
  const isPrefixed = subject.toLowerCase().startsWith(prefix.toLowerCase());
  return isPrefixed ? subject : cut(`${prefix} ${subject}`, MAX_SUBJECT).trim();
}
