import type { MailboxContext } from "../context.ts";
import type { ImapClient } from "../imap/client.ts";
import { withImap } from "../imap/session.ts";
import { accountOf } from "../store/account.ts";
import { noteTask } from "../tasks.ts";
import { findLetter } from "./finding.ts";
import { keepFiles } from "./local-message.ts";
import { ownFolder } from "./own-folders.ts";
import { noteStep, type Send } from "./sends.ts";

const MINUTE = 60_000;

/** How long after the final dot a mail without an answer is looked for, in milliseconds. */
const LOOKS = [5000, MINUTE, 10 * MINUTE, 120 * MINUTE, 24 * 60 * MINUTE];

/** After how long to look again when the mailbox could not be searched, and until when. */
const AGAIN_MS = 5 * MINUTE;
const LAST_MS = 25 * 60 * MINUTE;

const LOST = "The connection was lost after the whole mail was sent, and before the server's answer";

/** Plans to look for a mail: it may have been sent. */
export function firstLook(ctx: MailboxContext, send: Send): void {
  noteStep(ctx, send.id, { phase: "dot", attempts: 0, dueAt: Date.now() + (LOOKS[0] ?? 0) });
  noteTask(ctx, send.id, {
    status: "retry",
    error: `${LOST}. It is looked for in the mailbox`,
    code: "SEND_UNKNOWN",
  });
}

/**
 * Looks for a mail that may have been sent, and never sends it. If it is not found to the end, nobody can say.
 * @param found what to do when it was sent
 */
export async function look(ctx: MailboxContext, send: Send, found: () => void): Promise<void> {
  const { protocol } = accountOf(ctx).settings;
  const isFound = protocol === "imap" ? await isInMailbox(ctx, send) : false;
  if (isFound) return found();
  const wait = protocol === "imap" ? waitOf(send, isFound) : undefined;
  if (wait === undefined) return giveUp(ctx, send);
  const attempts = send.attempts + (isFound === false ? 1 : 0);
  noteStep(ctx, send.id, { phase: "dot", attempts, dueAt: Date.now() + wait });
}

/** How long to wait for the next look, in milliseconds; undefined after the last. A look that failed is made up for. */
function waitOf({ attempts, createdAt }: Send, isFound: boolean | undefined): number | undefined {
  if (isFound === undefined) return Date.now() - createdAt > LAST_MS ? undefined : AGAIN_MS;
  const [made = 0, next] = LOOKS.slice(attempts);
  return next === undefined ? undefined : next - made;
}

async function giveUp(ctx: MailboxContext, send: Send): Promise<void> {
  await keepFiles(ctx, send.messageId, send.letter);
  const message = `${LOST}. It was not found in the mailbox: look whether it has arrived before you send it again`;
  noteStep(ctx, send.id, { phase: "unknown", attempts: send.attempts, dueAt: null, reply: message });
  noteTask(ctx, send.id, { status: "failure", error: message, code: "SEND_UNKNOWN" });
}

/** Whether Sent, the folder of all mails, or the inbox has it. Undefined if they cannot be searched now. */
async function isInMailbox(ctx: MailboxContext, { letter }: Send): Promise<boolean | undefined> {
  try {
    return await withImap(ctx, "sync", async (client) => {
      return (await findLetter(client, await pathsOf(ctx, client), letter)) !== undefined;
    });
  } catch {
    return undefined;
  }
}

async function pathsOf(ctx: MailboxContext, client: ImapClient): Promise<string[]> {
  const sent = ownFolder(ctx, "sent");
  const listed = (await client.list()).filter(({ specialUse }) =>
    ["\\Sent", "\\All"].includes(specialUse ?? ""),
  );
  return [...new Set([...(sent.isLocal ? [] : [sent.path]), ...listed.map(({ path }) => path), "INBOX"])];
}
