import type { Mail } from "../world/folder.ts";
import { dropFrom, labelsOf, setFlags, setLabel } from "../world/gmail.ts";
import { Refusal } from "../world/mailbox.ts";
import { copyMails, deliver, moveMails } from "../world/world.ts";
import { type Command, listOf, type Token, textOf } from "./command.ts";
import { chosen, sendItems } from "./fetch.ts";
import {
  mailboxOf,
  type Seen,
  type Session,
  selectedOf,
  sendUpdates,
  untagged,
  writableOf,
} from "./session.ts";
import { decodeName, readDate, writeSet } from "./syntax.ts";

/** STORE and UID STORE (RFC 3501, 6.4.6), with UNCHANGEDSINCE (RFC 7162). */
export function store(session: Session, tokens: Token[], command: Command): string {
  const selected = writableOf(session);
  const [set, ...rest] = tokens;
  const since = Array.isArray(rest[0]) ? Number(listOf(rest.shift())[1]) : null;
  if (since !== null) session.hasCondstore = true;
  const [, sign = "", item = "", silent] =
    /^([+-]?)(FLAGS|X-GM-LABELS)(\.SILENT)?$/i.exec(textOf(rest.shift())) ?? [];
  if (item === "") throw new Refusal("Unknown item", { isBad: true });
  const words = rest.flat().map(textOf);
  const isUid = command.name === "UID STORE";
  const failed: number[] = [];
  const found = chosen(selected, textOf(set), command);
  const places = new Map(selected.view.map((seen, at) => [seen, at + 1]));
  for (const seen of found) {
    const { mail } = seen;
    const number = places.get(seen)!;
    if (since !== null && mail.modseq > since) {
      failed.push(isUid ? mail.uid : number);
      continue;
    }
    if (item.toUpperCase() === "FLAGS") changeFlags(session, seen, { sign, flags: words });
    else changeLabels(session, mail, { sign, labels: words.map(decodeName) });
    const items = [
      ...(isUid ? ["UID"] : []),
      ...(silent ? [] : [item.toUpperCase()]),
      ...(session.hasCondstore ? ["MODSEQ"] : []),
    ];
    if (!silent || session.hasCondstore) sendItems(session, seen, { number, items });
    seen.modseq = mail.modseq;
  }
  return failed.length > 0 ? `[MODIFIED ${writeSet(failed)}] Some have changed` : "Store completed.";
}

function changeFlags(
  session: Session,
  { mail }: Seen,
  { sign, flags }: { sign: string; flags: string[] },
): void {
  const mailbox = mailboxOf(session);
  const { folder } = selectedOf(session);
  const kept = flags.filter((flag) => mailbox.profile.keywords || flag.startsWith("\\")).map(wellKnown);
  const next = new Set(sign === "" ? kept : mail.flags);
  for (const flag of kept) {
    if (sign === "-") next.delete(flag);
    else next.add(flag);
  }
  setFlags(mailbox, folder, mail, next);
}

const SYSTEM = ["\\Answered", "\\Deleted", "\\Draft", "\\Flagged", "\\Seen"];

/** System flags have one spelling. */
const wellKnown = (flag: string): string =>
  SYSTEM.find((each) => each.toLowerCase() === flag.toLowerCase()) ?? flag;

function changeLabels(
  session: Session,
  mail: Mail,
  { sign, labels }: { sign: string; labels: string[] },
): void {
  const mailbox = mailboxOf(session);
  if (!mailbox.profile.gmail) throw new Refusal("Unknown item", { isBad: true });
  const { folder } = selectedOf(session);
  const others =
    sign === "" ? labelsOf(mailbox, folder, mail).filter((label) => !labels.includes(label)) : [];
  for (const label of others) setLabel(mailbox, mail, label, false);
  for (const label of labels) setLabel(mailbox, mail, label, sign !== "-");
}

/** COPY, MOVE and their UID commands (RFC 3501, 6.4.7, and RFC 6851). */
export function transfer(session: Session, tokens: Token[], command: Command): string {
  const isMove = command.name.endsWith("MOVE");
  const { folder, ...selected } = isMove ? writableOf(session) : selectedOf(session);
  const mailbox = mailboxOf(session);
  const target = mailbox.find(decodeName(textOf(tokens[1])));
  if (!target?.isSelectable) throw new Refusal("[TRYCREATE] There is no such folder");
  const mails = chosen({ folder, ...selected }, textOf(tokens[0]), command).map(({ mail }) => mail);
  if (mails.length === 0) return "Nothing to do.";
  const before = mails.map(({ uid }) => uid);
  const copies = isMove ? moveMails(mailbox, folder, mails, target) : copyMails(mailbox, mails, target);
  const uids = copies.map(({ uid }) => uid);
  const code = mailbox.profile.lacks.includes("UIDPLUS")
    ? ""
    : `[COPYUID ${target.uidValidity} ${before.join(",")} ${uids.join(",")}] `;
  if (!isMove) return `${code}Copy completed.`;
  // RFC 6851: before the messages are told to be gone.
  if (code) untagged(session, `OK ${code}Moved`);
  sendUpdates(session, { withRemovals: true });
  return "Move completed.";
}

/** EXPUNGE, and UID EXPUNGE of the given messages alone (RFC 4315). */
export function expunge(session: Session, tokens: Token[], command: Command): string {
  const selected = writableOf(session);
  const found = command.name === "UID EXPUNGE" ? chosen(selected, textOf(tokens[0]), command) : selected.view;
  removeDeleted(session, found);
  sendUpdates(session, { withRemovals: true });
  return session.hasCondstore
    ? `[HIGHESTMODSEQ ${selected.folder.modseq}] Expunge completed.`
    : "Expunge completed.";
}

/** CLOSE removes what is marked as deleted, and tells nothing of it. */
export function close(session: Session): string {
  const { isReadOnly, view } = selectedOf(session);
  if (!isReadOnly) removeDeleted(session, view);
  session.selected = null;
  return "Closed.";
}

function removeDeleted(session: Session, found: Seen[]): void {
  const deleted = found.filter(({ mail }) => mail.flags.has("\\Deleted")).map(({ mail }) => mail);
  dropFrom(mailboxOf(session), selectedOf(session).folder, deleted);
}

/** APPEND (RFC 3501, 6.3.11), with APPENDUID (RFC 4315). */
export function append(session: Session, tokens: Token[]): string {
  const mailbox = mailboxOf(session);
  const [name, ...rest] = tokens;
  const folder = mailbox.find(decodeName(textOf(name)));
  if (!folder?.isSelectable) throw new Refusal("[TRYCREATE] There is no such folder");
  const flags = Array.isArray(rest[0]) ? listOf(rest.shift()).map(textOf).map(wellKnown) : [];
  const date = rest.length > 1 ? readDate(textOf(rest.shift())) : Date.now();
  const raw = Buffer.from(textOf(rest[0]), "latin1");
  if (raw.length > mailbox.profile.sizeLimit) throw new Refusal("[TOOBIG] The message is too large");
  const kept = flags.filter((flag) => mailbox.profile.keywords || flag.startsWith("\\"));
  const mail = deliver(mailbox, folder, { raw, flags: kept, receivedAt: date });
  if (mailbox.profile.lacks.includes("UIDPLUS")) return "Append completed.";
  return `[APPENDUID ${folder.uidValidity} ${mail.uid}] Append completed.`;
}
