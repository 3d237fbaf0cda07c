import { readEntity } from "../mime/entity.ts";
import type { Folder, Mail } from "../world/folder.ts";
import { labelsOf, setFlags } from "../world/gmail.ts";
import { type Mailbox, Refusal } from "../world/mailbox.ts";
import { type Command, listOf, type Token, textOf } from "./command.ts";
import { bytesOf, readSection } from "./sections.ts";
import {
  isCondstore,
  mailboxOf,
  type Seen,
  type Selected,
  type Session,
  selectedOf,
  untagged,
} from "./session.ts";
import { envelopeOf, structureOf } from "./structure.ts";
import { encodeName, pick, quoted, readSet, writeDate, writeSet } from "./syntax.ts";

const MACROS: Record<string, string[]> = {
  FAST: ["FLAGS", "INTERNALDATE", "RFC822.SIZE"],
  ALL: ["FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"],
  FULL: ["FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY"],
};

/** What RFC 822 calls otherwise. */
const ALIASES: Record<string, string> = {
  RFC822: "BODY[]",
  "RFC822.HEADER": "BODY.PEEK[HEADER]",
  "RFC822.TEXT": "BODY[TEXT]",
};

/** Messages by their UIDs, or by their numbers. */
export function chosen({ view }: Selected, set: string, { name }: Pick<Command, "name">): Seen[] {
  const isUid = name.startsWith("UID ");
  const last = isUid ? (view.at(-1)?.mail.uid ?? 0) : view.length;
  return pick(view, ({ mail }, at) => (isUid ? mail.uid : at + 1), readSet(set, last));
}

/** FETCH and UID FETCH (RFC 3501, 6.4.5), with CHANGEDSINCE and VANISHED (RFC 7162). */
export async function fetch(session: Session, tokens: Token[], command: Command): Promise<string> {
  const selected = selectedOf(session);
  const [set = "", wanted = [], modifiers] = tokens;
  const items = itemsOf(wanted);
  if (command.name === "UID FETCH" && !items.includes("UID")) items.unshift("UID");
  const since = sinceOf(session, modifiers);
  if (items.includes("MODSEQ")) session.hasCondstore = true;
  if (since !== null && !items.includes("MODSEQ")) items.push("MODSEQ");
  if (modifiers && listOf(modifiers).includes("VANISHED")) sendVanished(session, textOf(set), since ?? 0);
  const found = chosen(selected, textOf(set), command).filter(({ mail }) => mail.modseq > (since ?? 0));
  const places = new Map(selected.view.map((seen, at) => [seen, at + 1]));
  for (const [count, seen] of found.entries()) {
    sendItems(session, seen, { number: places.get(seen)!, items });
    // So that others get their turn while a large folder is read.
    if (count % 200 === 199) await new Promise(setImmediate);
  }
  return "Fetch completed.";
}

function itemsOf(token: Token): string[] {
  const names = (Array.isArray(token) ? token : [token]).map(textOf);
  const items = names.flatMap((name) => MACROS[name.toUpperCase()] ?? [ALIASES[name.toUpperCase()] ?? name]);
  return items.map((item) => (item.includes("[") ? item : item.toUpperCase()));
}

function sinceOf(session: Session, modifiers: Token | undefined): number | null {
  if (!modifiers) return null;
  if (!isCondstore(mailboxOf(session))) throw new Refusal("CONDSTORE is not supported", { isBad: true });
  session.hasCondstore = true;
  const words = listOf(modifiers).map((word) => (typeof word === "string" ? word.toUpperCase() : ""));
  const at = words.indexOf("CHANGEDSINCE");
  return at < 0 ? null : Number(words[at + 1]);
}

/** Tells what has vanished since. */
export function sendVanished(session: Session, set: string, since: number): void {
  const { folder } = selectedOf(session);
  const known = readSet(set, folder.uidNext - 1);
  const uids = folder.removed.filter(({ modseq }) => modseq > since).map(({ uid }) => uid);
  const gone = pick(
    uids.sort((a, b) => a - b),
    (uid) => uid,
    known,
  );
  if (gone.length > 0) untagged(session, `VANISHED (EARLIER) ${writeSet(gone)}`);
}

/** Sends a FETCH response. */
export function sendItems(
  session: Session,
  seen: Seen,
  { number, items }: { number: number; items: string[] },
): void {
  const { connection, omitted } = session;
  const parts: Buffer[] = [];
  const asked = items.filter((item) => !omitted.includes(item));
  markRead(session, seen, asked);
  for (const item of asked) {
    const value = valueItem(session, seen.mail, item);
    if (value !== null) parts.push(Buffer.from(parts.length === 0 ? "" : " "), value);
  }
  if (items.includes("FLAGS") && !omitted.includes("FLAGS")) seen.modseq = seen.mail.modseq;
  connection.write(Buffer.concat([Buffer.from(`* ${number} FETCH (`), ...parts, Buffer.from(")\r\n")]));
}

/** A body that is fetched without PEEK is read. */
function markRead(session: Session, { mail }: Seen, items: string[]): void {
  const { folder, isReadOnly } = selectedOf(session);
  const isRead = items.some((item) => item.includes("[") && !readSection(item).isPeek);
  if (isRead && !isReadOnly && !mail.flags.has("\\Seen"))
    setFlags(mailboxOf(session), folder, mail, new Set([...mail.flags, "\\Seen"]));
}

function valueItem(session: Session, mail: Mail, item: string): Buffer | null {
  if (item.includes("[")) {
    const section = readSection(item);
    const bytes = bytesOf(mail.raw, section);
    return bytes === null
      ? Buffer.from(`${section.label} NIL`)
      : Buffer.concat([Buffer.from(`${section.label} {${bytes.length}}\r\n`), bytes]);
  }
  const text = textItem(mailboxOf(session), selectedOf(session).folder, mail, item);
  return text === null ? null : Buffer.from(`${item} ${text}`, "latin1");
}

/** @returns null for an item that the server knows, but does not give */
function textItem(mailbox: Mailbox, folder: Folder, mail: Mail, item: string): string | null {
  const { objectIds, gmail } = mailbox.profile;
  switch (item) {
    case "UID":
      return String(mail.uid);
    case "FLAGS":
      return `(${[...mail.flags].join(" ")})`;
    case "INTERNALDATE":
      return writeDate(mail.receivedAt);
    case "RFC822.SIZE":
      return String(mail.raw.length);
    case "ENVELOPE":
      return envelopeOf(readEntity(mail.raw));
    case "BODY":
    case "BODYSTRUCTURE":
      return structureOf(mail.raw, item === "BODYSTRUCTURE");
    case "MODSEQ":
      return isCondstore(mailbox) ? `(${mail.modseq})` : null;
  }
  if (objectIds && item === "EMAILID") return `(${mail.emailId})`;
  if (objectIds && item === "THREADID") return "NIL";
  if (gmail && (item === "X-GM-MSGID" || item === "X-GM-THRID")) return String(numberOf(mail.emailId));
  if (gmail && item === "X-GM-LABELS")
    return `(${labelsOf(mailbox, folder, mail)
      .map((label) => quoted(encodeName(label)))
      .join(" ")})`;
  throw new Refusal(`Unknown item ${item}`, { isBad: true });
}

/** Gmail's ids are numbers of 64 bits. */
const numberOf = (emailId: string): bigint =>
  [...emailId].reduce((sum, char) => BigInt.asUintN(63, sum * 131n + BigInt(char.charCodeAt(0))), 7n);
