import { runDurableObjectAlarm } from "cloudflare:test";
import type { MailboxContext } from "../../../src/mailbox/context.ts";
import type {
  MailboxApi,
  MailboxSettings,
  OutgoingMail,
  Owner,
  Task,
} from "../../../src/mailbox/contract.ts";
import { rowOf } from "../../../src/platform/rows.ts";
import { mailboxOf, newOwner } from "./mailbox.ts";
import { insideOf } from "./quiet.ts";
import type { MailServer } from "./server.ts";

/** The mailbox of an owner, with the types of its contract: those that RPC derives have no place for a task's result. */
export const apiOf = (owner: Owner) =>
  mailboxOf(owner) as unknown as Omit<MailboxApi, keyof Rpc.DurableObjectBranded>;

export const mailTo = (to: string[], changes: Partial<OutgoingMail> = {}): OutgoingMail => ({
  to,
  cc: [],
  bcc: [],
  replyTo: null,
  subject: "Lunch",
  body: "At noon?\n",
  isHtml: false,
  files: [],
  inReplyTo: null,
  ...changes,
});

/** Opens a mailbox on a server. It never syncs by itself. */
export async function openOn(server: MailServer, changes: Partial<MailboxSettings> = {}): Promise<Owner> {
  const owner = newOwner();
  const settings = server.settings({ isSyncEnabled: false, ...changes });
  const opened = await apiOf(owner).configure(owner, settings, { password: server.password });
  if (!opened.ok) throw new Error(opened.message);
  return owner;
}

/** Sends a mail. @throws Error for a refusal */
export async function sendFrom(owner: Owner, mail: OutgoingMail, key: string | null = null) {
  const sent = await apiOf(owner).send(owner, mail, key);
  if (!sent.ok) throw new Error(`${sent.code}: ${sent.message}`);
  return sent;
}

export async function taskOf(owner: Owner, taskId: string): Promise<Task> {
  const found = await apiOf(owner).task(owner, taskId);
  if (!found.ok) throw new Error(found.message);
  return found.task;
}

/** The journal's row of a mail. */
export const journalOf = (owner: Owner, taskId: string) =>
  insideOf(owner, (ctx: MailboxContext) =>
    rowOf<{ phase: string; attempts: number; due_at: number | null; reply: string | null }>(
      ctx,
      "SELECT phase, attempts, due_at, reply FROM sends WHERE id = ?",
      taskId,
    ),
  );

/** Makes all that a mailbox waits for due, and does it. An alarm of the runtime would wait after an object has died. */
export async function hurry(owner: Owner): Promise<void> {
  await insideOf(owner, async ({ sql, storage }) => {
    sql.exec("UPDATE sends SET due_at = 1 WHERE due_at IS NOT NULL");
    sql.exec("UPDATE drafts SET due_at = 1 WHERE due_at IS NOT NULL");
    await storage.setAlarm(Date.now() + 60_000);
  });
  await runDurableObjectAlarm(mailboxOf(owner) as unknown as DurableObjectStub);
}

/** Whether nothing is under way any more. Waits between tries are skipped. */
export async function isIdle(owner: Owner): Promise<boolean> {
  const count = await insideOf(owner, (ctx) =>
    rowOf<{ n: number }>(
      ctx,
      "SELECT (SELECT count(*) FROM sends WHERE due_at IS NOT NULL) + (SELECT count(*) FROM drafts WHERE due_at IS NOT NULL) AS n",
    ),
  );
  if (count?.n === 0) return true;
  await hurry(owner);
  return false;
}

/** How often a folder has the mail of a task. */
export async function copiesIn(server: MailServer, path = "INBOX"): Promise<number> {
  return (await server.folders()).find((folder) => folder.path === path)?.mails.length ?? 0;
}
