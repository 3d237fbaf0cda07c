import { cuid } from "../../lib/cuid.ts";
import { log } from "../../platform/log.ts";
import { rowOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";
import { MailError } from "../errors.ts";
import type { ImapClient } from "../imap/client.ts";
import { quirksOf } from "../imap/quirks.ts";
import { withImap } from "../imap/session.ts";
import { accountOf } from "../store/account.ts";
import { compose } from "./compose.ts";
import { findLetter } from "./finding.ts";
import type { Letter } from "./letter.ts";
import { keepFiles } from "./local-message.ts";
import { type OwnFolder, ownFolder, settle } from "./own-folders.ts";
import { noteStep, type Phase, type Send } from "./sends.ts";

const MINUTE = 60_000;

/** Between the looks into Sent on a server that files a copy itself, and before the first: at 2, 10 and 60 s. */
const LOOKS = [2000, 8000, 50_000];

/** After how long a copy is filed again that could not be, in milliseconds. */
const WAITS = [1, 5, 30, 120, 720].map((minutes) => minutes * MINUTE);

/**
 * Sees to it that a mail that was sent is in Sent once: it is looked for, and filed only if it is not there. So a server
 * may file it, and an answer may be lost. If it cannot be filed, it stays a message that is only here.
 */
export async function file(ctx: MailboxContext, send: Send): Promise<void> {
  const { settings } = accountOf(ctx);
  // POP3 has no folders: its Sent is here alone.
  if (settings.protocol !== "imap") return stayHere(ctx, send, "filed");
  try {
    const isFiled = await withImap(ctx, "sync", (client) => fileAt(ctx, client, send));
    if (isFiled) noteStep(ctx, send.id, { phase: "filed", attempts: send.attempts, dueAt: null });
    else again(ctx, send, LOOKS[send.attempts] ?? MINUTE);
  } catch (error) {
    log("warn", "mailbox.filing", { error });
    // Looks on a server that files by itself are counted among them.
    const wait = WAITS[send.attempts];
    if (wait === undefined) await stayHere(ctx, send, "accepted");
    else again(ctx, send, wait);
  }
}

function again(ctx: MailboxContext, { id, attempts }: Send, wait: number): void {
  noteStep(ctx, id, { phase: "accepted", attempts: attempts + 1, dueAt: Date.now() + wait });
}

async function stayHere(ctx: MailboxContext, { id, messageId, letter, attempts }: Send, phase: Phase) {
  await keepFiles(ctx, messageId, letter);
  noteStep(ctx, id, { phase, attempts, dueAt: null });
}

/** @returns false to look again later: the server may still file it */
async function fileAt(ctx: MailboxContext, client: ImapClient, send: Send): Promise<boolean> {
  const { hostname } = accountOf(ctx).settings.incoming;
  const { filesSent } = quirksOf(hostname, client.capabilities.keys());
  if (filesSent && send.attempts === 0) return false;
  const folder = await serverFolder(ctx, client, "sent");
  const found = await findLetter(client, [folder.path], send.letter);
  if (!found && filesSent && send.attempts < LOOKS.length) return false;
  const uid = found?.uid ?? (await append(ctx, client, folder, send.letter, { isDraft: false }));
  settle(ctx, send.messageId, folder, uid);
  return true;
}

const USES = { sent: "\\Sent", drafts: "\\Drafts" };

/** The server's folder of a type. It is created there if there is none. */
export async function serverFolder(
  ctx: MailboxContext,
  client: ImapClient,
  type: "sent" | "drafts",
): Promise<OwnFolder> {
  const own = ownFolder(ctx, type);
  if (!own.isLocal) return own;
  const listed = (await client.list()).find(({ specialUse }) => specialUse === USES[type]);
  const path = listed?.path ?? (await client.mailboxCreate(own.path)).path;
  ctx.sql.exec(
    `INSERT INTO folders (id, path, delimiter, type) VALUES (?1, ?2, ?3, ?4)
     ON CONFLICT (path) DO UPDATE SET is_local = 0, delimiter = ?3, type = ?4`,
    ...[cuid(), path, listed?.delimiter ?? null, type],
  );
  const row = rowOf<{ id: string }>(ctx, "SELECT id FROM folders WHERE path = ?", path);
  return { id: row?.id ?? own.id, path, isLocal: false };
}

/**
 * Puts a letter into a folder of the server.
 * @returns its UID
 */
export async function append(
  ctx: MailboxContext,
  client: ImapClient,
  folder: OwnFolder,
  letter: Letter,
  options: { isDraft: boolean },
): Promise<number> {
  const mail = await compose(ctx.env.ATTACHMENTS, letter, options);
  // The library takes a whole message. So there is one copy of it in memory, and never a second.
  const bytes = new Uint8Array(mail.size);
  let length = 0;
  for await (const chunk of mail.open()) {
    bytes.set(chunk, length);
    length += chunk.length;
  }
  const flags = options.isDraft ? ["\\Seen", "\\Draft"] : ["\\Seen"];
  const appended = await client.append(folder.path, bytes, flags, new Date(letter.date));
  // Without UIDPLUS the server does not say which it has given.
  const uid = (appended || undefined)?.uid ?? (await findLetter(client, [folder.path], letter))?.uid;
  if (uid === undefined)
    throw new MailError("CONNECTION_FAILED", "The mail server does not show what was filed");
  return uid;
}
