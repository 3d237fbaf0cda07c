import { log } from "../../platform/log.ts";
import type { MailboxContext } from "../context.ts";
import type { ImapClient } from "../imap/client.ts";
import { withImap } from "../imap/session.ts";
import { accountOf } from "../store/account.ts";
import { draftOf, type PendingDraft, type Replaced } from "./drafts.ts";
import { append, serverFolder } from "./filing.ts";
import { findLetter } from "./finding.ts";
import { keepFiles } from "./local-message.ts";
import { settle } from "./own-folders.ts";

/** After how long the server is told again of a draft, in milliseconds. */
const WAITS = [1, 5, 30, 120, 720].map((minutes) => minutes * 60_000);

/** Puts a draft on the server, and only then removes its earlier versions from there. */
export async function fileDraft(ctx: MailboxContext, draft: PendingDraft): Promise<void> {
  const { messageId, letter, attempts } = draft;
  // POP3 has no folders: its Drafts are here alone.
  if (accountOf(ctx).settings.protocol !== "imap") {
    await keepFiles(ctx, messageId, letter);
    return forget(ctx, draft);
  }
  // From now on this version may be there, whatever happens.
  ctx.sql.exec("UPDATE drafts SET attempts = attempts + 1 WHERE message_id = ?", messageId);
  try {
    await withImap(ctx, "sync", async (client) => {
      const folder = await serverFolder(ctx, client, "drafts");
      const found = attempts === 0 ? undefined : await findLetter(client, [folder.path], letter);
      const uid = found?.uid ?? (await append(ctx, client, folder, letter, { isDraft: true }));
      if (!isCurrent(ctx, draft)) return;
      settle(ctx, messageId, folder, uid);
      for (const earlier of draft.replaces) await expunge(client, folder.path, earlier);
      forget(ctx, draft);
    });
  } catch (error) {
    log("warn", "mailbox.draft", { error });
    plan(ctx, draft, WAITS[attempts]);
  }
}

/** Whether no newer version was saved in the meantime. */
const isCurrent = (ctx: MailboxContext, { messageId, letter }: PendingDraft): boolean =>
  draftOf(ctx, messageId)?.letter.id === letter.id;

function forget(ctx: MailboxContext, draft: PendingDraft): void {
  if (isCurrent(ctx, draft)) ctx.sql.exec("DELETE FROM drafts WHERE message_id = ?", draft.messageId);
}

function plan(ctx: MailboxContext, draft: PendingDraft, wait: number | undefined): void {
  if (!isCurrent(ctx, draft)) return;
  const dueAt = wait === undefined ? null : Date.now() + wait;
  ctx.sql.exec("UPDATE drafts SET due_at = ? WHERE message_id = ?", dueAt, draft.messageId);
}

/** Removes an earlier version, if it is still what it was. */
async function expunge(client: ImapClient, path: string, earlier: Replaced): Promise<void> {
  const uid = "uid" in earlier ? earlier.uid : (await findLetter(client, [path], earlier))?.uid;
  if (uid === undefined) return;
  const lock = await client.getMailboxLock(path);
  try {
    const uidvalidity = client.mailbox && String(client.mailbox.uidValidity);
    if ("uid" in earlier && uidvalidity !== earlier.uidvalidity) return;
    // Without UIDPLUS all that others have marked would go, too.
    if (client.capabilities.has("UIDPLUS")) await client.messageDelete(String(uid), { uid: true });
    else await client.messageFlagsAdd(String(uid), ["\\Deleted"], { uid: true });
  } finally {
    lock.release();
  }
}
