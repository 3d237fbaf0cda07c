import type { Folder } from "../world/folder.ts";
import { type Mailbox, Refusal } from "../world/mailbox.ts";
import { listOf, type Token, textOf } from "./command.ts";
import { isCondstore, mailboxOf, type Session, untagged } from "./session.ts";
import { decodeName, encodeName, quoted } from "./syntax.ts";

/** LIST, with what RFC 5258 and RFC 5819 add: selections in front, RETURN behind. */
export function list(session: Session, tokens: Token[]): string {
  const mailbox = mailboxOf(session);
  const words = [...tokens];
  const selection = Array.isArray(words[0]) ? listOf(words.shift()).map(upper) : [];
  const reference = textOf(words.shift());
  const patterns = [words.shift() ?? ""].flat().map(textOf);
  if (patterns.every((pattern) => pattern === "")) {
    untagged(session, `LIST (\\Noselect) "${mailbox.profile.delimiter}" ""`);
    return "List completed.";
  }
  const wanted = words[0] === undefined ? [] : listOf(words[1]);
  const status = wanted.findIndex((word) => upper(word) === "STATUS");
  const items = status < 0 ? [] : listOf(wanted[status + 1]).map(upper);
  const found = matching(mailbox, reference, patterns)
    .filter((folder) => !selection.includes("SUBSCRIBED") || folder.isSubscribed)
    .filter((folder) => !selection.includes("SPECIAL-USE") || folder.specialUse !== null);
  for (const folder of found) {
    sendFolder(session, "LIST", folder);
    if (items.length > 0 && folder.isSelectable) sendStatus(session, folder, items);
  }
  return "List completed.";
}

/** LSUB: the folders that are subscribed to. Their parents are told as not selectable if they are not, as Courier does. */
export function lsub(session: Session, tokens: Token[]): string {
  const mailbox = mailboxOf(session);
  const subscribed = [...mailbox.folders.values()].filter(({ isSubscribed }) => isSubscribed);
  for (const folder of matching(mailbox, textOf(tokens[0]), [textOf(tokens[1])])) {
    const below = folder.path + mailbox.profile.delimiter;
    if (folder.isSubscribed) sendFolder(session, "LSUB", folder);
    else if (subscribed.some(({ path }) => path.startsWith(below)))
      sendFolder(session, "LSUB", folder, ["\\Noselect"]);
  }
  return "Lsub completed.";
}

const upper = (token: Token): string => (typeof token === "string" ? token.toUpperCase() : "");

/** INBOX first, then by name. */
function matching(mailbox: Mailbox, reference: string, patterns: string[]): Folder[] {
  const { delimiter } = mailbox.profile;
  const tests = patterns.map((pattern) => {
    const name = decodeName(reference + pattern).replace(/^inbox(?=$|[./])/i, "INBOX");
    const source = name
      .replace(/[.+?^${}()|[\]\\/]/g, "\\$&")
      .replaceAll("*", ".*")
      .replaceAll("%", `[^${delimiter === "." ? "." : "/"}]*`);
    return new RegExp(`^${source}$`, "s");
  });
  return [...mailbox.folders.values()]
    .filter(({ path }) => tests.some((test) => test.test(path)))
    .sort((a, b) => Number(b.path === "INBOX") - Number(a.path === "INBOX") || (a.path < b.path ? -1 : 1));
}

function sendFolder(session: Session, verb: "LIST" | "LSUB", folder: Folder, more: string[] = []): void {
  const mailbox = mailboxOf(session);
  const { delimiter, lacks } = mailbox.profile;
  const below = folder.path + delimiter;
  const hasChildren = [...mailbox.folders.keys()].some((path) => path.startsWith(below));
  const flags = [
    hasChildren ? "\\HasChildren" : "\\HasNoChildren",
    ...(folder.isSelectable ? [] : ["\\Noselect"]),
    ...(folder.specialUse && !lacks.includes("SPECIAL-USE") ? [folder.specialUse] : []),
    ...more,
  ];
  untagged(session, `${verb} (${flags.join(" ")}) "${delimiter}" ${quoted(encodeName(folder.path))}`);
}

/** STATUS (RFC 3501, 6.3.10). */
export function status(session: Session, tokens: Token[]): string {
  sendStatus(session, selectable(session, tokens[0]), listOf(tokens[1]).map(upper));
  return "Status completed.";
}

/** @throws Refusal for a folder that does not exist, or cannot be opened */
export function selectable(session: Session, name: Token | undefined): Folder {
  const folder = mailboxOf(session).folder(decodeName(textOf(name)));
  if (!folder.isSelectable) throw new Refusal("[NOPERM] The folder cannot be opened");
  return folder;
}

function sendStatus(session: Session, folder: Folder, items: string[]): void {
  const mailbox = mailboxOf(session);
  if (items.includes("HIGHESTMODSEQ") && isCondstore(mailbox)) session.hasCondstore = true;
  const found = items.flatMap((item) => {
    const value = statusItem(mailbox, folder, item);
    return value === null ? [] : [`${item} ${value}`];
  });
  untagged(session, `STATUS ${quoted(encodeName(folder.path))} (${found.join(" ")})`);
}

/** @returns null for what the server does not know */
function statusItem(mailbox: Mailbox, folder: Folder, item: string): number | null {
  const mails = mailbox.visible(folder);
  switch (item) {
    case "MESSAGES":
      return mails.length;
    case "RECENT":
      return 0;
    case "UIDNEXT":
      return folder.uidNext;
    case "UIDVALIDITY":
      return folder.uidValidity;
    case "UNSEEN":
      return mails.filter(({ flags }) => !flags.has("\\Seen")).length;
    case "HIGHESTMODSEQ":
      return isCondstore(mailbox) ? folder.modseq : null;
    default:
      return null;
  }
}

/** CREATE also makes the folders above. */
export function create(session: Session, tokens: Token[]): string {
  const mailbox = mailboxOf(session);
  const { delimiter } = mailbox.profile;
  const name = decodeName(textOf(tokens[0]));
  const path = name.endsWith(delimiter) ? name.slice(0, -1) : name;
  if (path === "") throw new Refusal("[CANNOT] A folder needs a name");
  mailbox.create({ path });
  for (let at = path.indexOf(delimiter); at > 0; at = path.indexOf(delimiter, at + 1)) {
    const above = path.slice(0, at);
    if (!mailbox.find(above)) mailbox.create({ path: above, isSelectable: false });
  }
  return "Create completed.";
}

export function rename(session: Session, tokens: Token[]): string {
  mailboxOf(session).rename(decodeName(textOf(tokens[0])), decodeName(textOf(tokens[1])));
  return "Rename completed.";
}

/** DELETE. The command is not called so here, since that is a word of the language. */
export function remove(session: Session, tokens: Token[]): string {
  mailboxOf(session).delete(decodeName(textOf(tokens[0])));
  return "Delete completed.";
}

/** SUBSCRIBE and UNSUBSCRIBE. */
export const subscribing =
  (isSubscribed: boolean) =>
  (session: Session, tokens: Token[]): string => {
    mailboxOf(session).folder(decodeName(textOf(tokens[0]))).isSubscribed = isSubscribed;
    return "Completed.";
  };
