import type { Mail } from "../world/folder.ts";
import { type Command, type Token, textOf } from "./command.ts";
import { sendItems, sendVanished } from "./fetch.ts";
import { selectable } from "./folders.ts";
import { isCondstore, mailboxOf, type Session, selectedOf, sendUpdates, untagged } from "./session.ts";

const SYSTEM = ["\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft"];

/** SELECT and EXAMINE (RFC 3501, 6.3.1), with CONDSTORE and QRESYNC (RFC 7162). */
export function open(session: Session, tokens: Token[], { name }: Command): string {
  const mailbox = mailboxOf(session);
  // RFC 7162, 3.2.11: what comes from here on is of the other folder.
  if (session.selected && session.hasQresync) untagged(session, "OK [CLOSED] Previous folder closed.");
  session.selected = null;
  const folder = selectable(session, tokens[0]);
  const isReadOnly = name === "EXAMINE";
  const params = Array.isArray(tokens[1]) ? tokens[1] : [];
  const words = params.map((param) => (typeof param === "string" ? param.toUpperCase() : param));
  if (words.length > 0 && isCondstore(mailbox)) session.hasCondstore = true;
  const mails = mailbox.visible(folder);
  session.selected = { folder, isReadOnly, view: mails.map((mail) => ({ mail, modseq: mail.modseq })) };

  const keywords = keywordsOf(mails);
  const permanent = [...SYSTEM, ...keywords, ...(mailbox.profile.keywords ? ["\\*"] : [])];
  untagged(session, `FLAGS (${[...SYSTEM, ...keywords].join(" ")})`);
  untagged(session, `OK [PERMANENTFLAGS (${isReadOnly ? "" : permanent.join(" ")})] Flags permitted.`);
  untagged(session, `${mails.length} EXISTS`);
  untagged(session, "0 RECENT");
  const unseen = mails.findIndex(({ flags }) => !flags.has("\\Seen"));
  if (unseen >= 0) untagged(session, `OK [UNSEEN ${unseen + 1}] First unseen.`);
  untagged(session, `OK [UIDVALIDITY ${folder.uidValidity}] UIDs valid`);
  untagged(session, `OK [UIDNEXT ${folder.uidNext}] Predicted next UID`);
  if (isCondstore(mailbox)) untagged(session, `OK [HIGHESTMODSEQ ${folder.modseq}] Highest`);
  const resync = words[words.indexOf("QRESYNC") + 1];
  if (session.hasQresync && words.includes("QRESYNC") && Array.isArray(resync)) catchUp(session, resync);
  return isReadOnly ? "[READ-ONLY] Examine completed." : "[READ-WRITE] Select completed.";
}

const keywordsOf = (mails: Mail[]): string[] => [
  ...new Set(mails.flatMap(({ flags }) => [...flags].filter((flag) => !flag.startsWith("\\")))),
];

/** Tells a client that comes back what it has missed: `(uidvalidity modseq [known uids])`. */
function catchUp(session: Session, [uidValidity, modseq, known]: Token[]): void {
  const { folder, view } = selectedOf(session);
  if (Number(uidValidity) !== folder.uidValidity) return;
  const since = Number(modseq);
  sendVanished(session, known === undefined ? "1:*" : textOf(known), since);
  for (const [at, seen] of view.entries()) {
    if (seen.mail.modseq > since)
      sendItems(session, seen, { number: at + 1, items: ["UID", "FLAGS", "MODSEQ"] });
  }
}

/** IDLE (RFC 2177): tells of changes until the client has had enough. */
export async function idle(session: Session): Promise<string> {
  const { connection } = session;
  connection.write("+ idling\r\n");
  const done = connection.line();
  let isDone = false;
  const end = done.then(
    () => (isDone = true),
    () => (isDone = true),
  );
  while (!isDone) {
    sendUpdates(session, { withRemovals: true });
    const change = Promise.withResolvers<void>();
    const stop = session.selected?.folder.onChange(change.resolve);
    await Promise.race([end, change.promise]);
    stop?.();
  }
  await done;
  return "Idle completed.";
}
