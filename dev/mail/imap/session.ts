import type { Connection } from "../net/connection.ts";
import type { Folder, Mail } from "../world/folder.ts";
import { type ConnectionRecord, type Mailbox, Refusal } from "../world/mailbox.ts";
import type { World } from "../world/world.ts";
import type { Command, Token } from "./command.ts";
import { writeSet } from "./syntax.ts";

/** A message as the client knows it: its sequence number is the place in the view. */
export interface Seen {
  mail: Mail;
  /** Of the flags that the client was told. */
  modseq: number;
}

export interface Selected {
  folder: Folder;
  isReadOnly: boolean;
  view: Seen[];
}

/** A client of IMAP. */
export interface Session {
  connection: Connection;
  world: World;
  record: ConnectionRecord;
  mailbox: Mailbox | null;
  selected: Selected | null;
  /** What ENABLE has switched on. */
  hasQresync: boolean;
  /** Whether it is told of MODSEQ: after the first command that needs it. */
  hasCondstore: boolean;
  /** Items of FETCH that a fault leaves out. */
  omitted: string[];
}

/** Does a command. @returns the text of its OK. @throws Refusal */
export type Handler = (session: Session, tokens: Token[], command: Command) => string | Promise<string>;

/** @throws Refusal before the client has signed in */
export function mailboxOf({ mailbox }: Session): Mailbox {
  if (!mailbox) throw new Refusal("Sign in first", { isBad: true });
  return mailbox;
}

/** @throws Refusal while no folder is open */
export function selectedOf({ selected }: Session): Selected {
  if (!selected) throw new Refusal("No folder is open", { isBad: true });
  return selected;
}

/** @throws Refusal also for a folder that was opened to be read alone */
export function writableOf(session: Session): Selected {
  const selected = selectedOf(session);
  if (selected.isReadOnly) throw new Refusal("[READ-ONLY] The folder is open for reading alone");
  return selected;
}

/** Sends a line that belongs to no command. */
export function untagged({ connection }: Session, line: string): void {
  connection.write(`* ${line}\r\n`);
}

export function isCondstore(mailbox: Mailbox): boolean {
  return mailbox.profile.sync !== "none";
}

/** FLAGS as the client is told, with MODSEQ if it wants it. */
export function flagItems(session: Session, { flags, modseq }: Mail): string[] {
  const items = [`FLAGS (${[...flags].join(" ")})`];
  return session.hasCondstore ? [...items, `MODSEQ (${modseq})`] : items;
}

/**
 * Tells the client what has changed in its folder since it was last told.
 * @param withRemovals false within commands whose numbers must not shift
 */
export function sendUpdates(session: Session, { withRemovals }: { withRemovals: boolean }): void {
  const { selected, mailbox } = session;
  if (!selected || !mailbox) return;
  const now = mailbox.visible(selected.folder);
  if (withRemovals) sendRemovals(session, selected, new Set(now));
  for (const [at, seen] of selected.view.entries()) {
    if (seen.modseq === seen.mail.modseq) continue;
    seen.modseq = seen.mail.modseq;
    const uid = session.hasQresync ? [`UID ${seen.mail.uid}`] : [];
    untagged(session, `${at + 1} FETCH (${[...uid, ...flagItems(session, seen.mail)].join(" ")})`);
  }
  const last = selected.view.at(-1)?.mail.uid ?? 0;
  const added = now.filter(({ uid }) => uid > last);
  if (added.length === 0) return;
  selected.view.push(...added.map((mail) => ({ mail, modseq: mail.modseq })));
  untagged(session, `${selected.view.length} EXISTS`);
}

function sendRemovals(session: Session, selected: Selected, present: Set<Mail>): void {
  const gone = selected.view.flatMap(({ mail }, at) => (present.has(mail) ? [] : [{ at, uid: mail.uid }]));
  if (gone.length === 0) return;
  selected.view = selected.view.filter(({ mail }) => present.has(mail));
  if (session.hasQresync) untagged(session, `VANISHED ${writeSet(gone.map(({ uid }) => uid))}`);
  // From the last one on, so that the numbers of the others stay.
  else for (const { at } of gone.reverse()) untagged(session, `${at + 1} EXPUNGE`);
}
