import { sha256Hex } from "../../lib/hmac.ts";
import type { MailboxContext } from "../context.ts";
import type { OutgoingMail, Task } from "../contract.ts";
import { MailError } from "../errors.ts";
import { accountOf } from "../store/account.ts";
import { addPlaces, localUid } from "../store/mirror.ts";
import { addTask, findTask } from "../tasks.ts";
import { outlineOf } from "./compose.ts";
import { letterOf } from "./letter.ts";
import { foundOf, keepBody } from "./local-message.ts";
import { ownFolder } from "./own-folders.ts";
import { type Send, sendByKey } from "./sends.ts";

interface Accepted {
  task: Task;
  messageId: string;
  isReplayed: boolean;
}

/**
 * Accepts a mail for sending: from now on it is in the journal, has a task, and can be read in Sent. A key makes one mail,
 * however often it comes. After a refusal, when certainly nothing was sent, it makes another. Without a key each call does.
 * @throws MailError INVALID, TOO_LARGE; KEY_REUSED for a key of another mail; CONFLICT for an account that is switched off
 */
export async function acceptMail(
  ctx: MailboxContext,
  mail: OutgoingMail,
  key: string | null,
): Promise<Accepted> {
  if (mail.to.length + mail.cc.length + mail.bcc.length === 0)
    throw new MailError("INVALID", "A mail has at least one recipient");
  const digest = await digestOf(mail);
  const known = replayOf(ctx, key, digest);
  if (known) return known;
  if (["closed", "disabled"].includes(accountOf(ctx).state))
    throw new MailError("CONFLICT", "The account is switched off");
  const letter = letterOf(ctx, mail);
  const outline = await outlineOf(letter, { isDraft: false });
  const message = await foundOf(letter, outline);
  const accepted = ctx.storage.transactionSync(() => {
    // The same key may have come once more in the meantime.
    const other = replayOf(ctx, key, digest);
    if (other) return other;
    const folder = ownFolder(ctx, "sent");
    const place = {
      uid: localUid(ctx, folder.id),
      isRead: true,
      flags: [],
      message,
    };
    const [added] = addPlaces(ctx, folder.id, [place], { isHistory: false });
    if (!added) throw new Error("A place was not added");
    keepBody(ctx, added.id, outline);
    const task = addTask(ctx, accountOf(ctx).accountId, "send", added.id);
    addSend(ctx, { id: task.taskId, key, digest, messageId: added.id, letter });
    return { task, messageId: added.id, isReplayed: false };
  });
  await ctx.wake();
  return accepted;
}

/** What was answered when the key came first. */
function replayOf(ctx: MailboxContext, key: string | null, digest: string): Accepted | undefined {
  const send = key === null ? undefined : sendByKey(ctx, key);
  if (!send) return undefined;
  if (send.digest !== digest) throw new MailError("KEY_REUSED", "The key was used before, with another mail");
  if (send.phase === "refused") return undefined;
  return { task: findTask(ctx, send.id) ?? taskOf(send), messageId: send.messageId, isReplayed: true };
}

/** The task of a mail in whose place it was forgotten. */
function taskOf({ id, phase, reply }: Send): Task {
  const isSent = phase === "accepted" || phase === "filed";
  return {
    taskId: id,
    status: isSent ? "success" : "failure",
    progress: isSent ? 100 : 99,
    result: null,
    error: isSent ? null : reply,
    code: isSent ? null : "SEND_UNKNOWN",
  };
}

function addSend(
  ctx: MailboxContext,
  send: Pick<Send, "id" | "digest" | "messageId" | "letter"> & { key: string | null },
): void {
  const { id, key, digest, messageId, letter } = send;
  const now = Date.now();
  // Of a mail that was refused under this key, the key is all that goes.
  ctx.sql.exec("UPDATE sends SET key = NULL WHERE key = ?", key);
  ctx.sql.exec(
    `INSERT INTO sends (id, key, digest, message_id, letter, phase, due_at, created_at, updated_at)
     VALUES (?, ?, ?, ?, ?, 'composed', ?, ?, ?)`,
    ...[id, key, digest, messageId, JSON.stringify(letter), now, now, now],
  );
}

/** Of all that the caller gave. Fields in one order, whatever theirs was. */
async function digestOf(mail: OutgoingMail): Promise<string> {
  const { to, cc, bcc, replyTo, subject, body, isHtml, inReplyTo } = mail;
  const files = mail.files.map(({ key, filename, mimeType, size }) => [key, filename, mimeType, size]);
  const text = JSON.stringify([to, cc, bcc, replyTo, subject, body, isHtml, inReplyTo, files]);
  return sha256Hex(text);
}
