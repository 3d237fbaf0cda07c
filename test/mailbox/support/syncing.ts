import { expect } from "vitest";
import type { MailboxContext } from "../../../src/mailbox/context.ts";
import type { MailboxSettings, Outcome, Owner, Task } from "../../../src/mailbox/contract.ts";
import { rowsOf } from "../../../src/platform/rows.ts";
import { mailboxOf, newOwner } from "./mailbox.ts";
import { insideOf } from "./quiet.ts";
import type { MailServer } from "./server.ts";

/** Opens a mailbox on a server. Its first pass begins at once. */
export async function openMailbox(
  server: MailServer,
  changes: Partial<MailboxSettings> = {},
): Promise<Owner> {
  const owner = newOwner();
  const opened = await mailboxOf(owner).configure(owner, server.settings(changes), {
    password: server.password,
  });
  if (!opened.ok) throw new Error(opened.message);
  return owner;
}

/** Asks for a sync. */
export async function askSync(owner: Owner, scope: { force?: boolean; folders?: string[] } = {}) {
  const asked = await mailboxOf(owner).sync(owner, { force: false, folders: [], ...scope });
  return taskIn(asked as Outcome<{ task: Task }>);
}

export async function taskOf(owner: Owner, { taskId }: Task): Promise<Task> {
  return taskIn((await mailboxOf(owner).task(owner, taskId)) as Outcome<{ task: Task }>);
}

function taskIn(outcome: Outcome<{ task: Task }>): Task {
  if (!outcome.ok) throw new Error(outcome.message);
  return outcome.task;
}

/** Syncs, and waits for the end. @returns the task, which has succeeded */
export async function syncNow(
  owner: Owner,
  scope: { force?: boolean; folders?: string[] } = {},
): Promise<Task> {
  const task = await askSync(owner, scope);
  await expect.poll(() => taskOf(owner, task)).toMatchObject({ status: "success", progress: 100 });
  return taskOf(owner, task);
}

/** By path and UID, the flags of all messages. */
type Listing = Record<string, Record<number, string>>;

/** What the mirror has. Places that are not on the server show as they are, with UIDs below zero. */
export const mirrorOf = (owner: Owner): Promise<Listing> =>
  insideOf(owner, (ctx) => {
    const folders = rowsOf<{ id: string; path: string }>(ctx, "SELECT id, path FROM folders");
    return Object.fromEntries(
      folders.map(({ id, path }) => [
        path,
        Object.fromEntries(
          rowsOf<{ uid: number; is_read: number; flags: string }>(
            ctx,
            "SELECT uid, is_read, flags FROM places WHERE folder_id = ?",
            id,
          ).map(({ uid, is_read, flags }) => [uid, [...(is_read ? ["\\Seen"] : []), flags].join(" ").trim()]),
        ),
      ]),
    );
  });

/** What the server has. */
export async function listingOf(server: MailServer): Promise<Listing> {
  const folders = await server.folders();
  const written = (flags: string[]) => {
    const others = flags.filter((flag) => !["\\Seen", "\\Recent"].includes(flag)).sort();
    return [...(flags.includes("\\Seen") ? ["\\Seen"] : []), ...others].join(" ");
  };
  return Object.fromEntries(
    folders.map(({ path, mails }) => [
      path,
      Object.fromEntries(mails.map(({ uid, flags }) => [uid, written(flags)])),
    ]),
  );
}

/** Counters equal what they count, and every message without a place is missing. */
export const expectSound = (owner: Owner): Promise<void> =>
  insideOf(owner, (ctx) => {
    const wrong = rowsOf(
      ctx,
      `SELECT path FROM folders f WHERE total <> (SELECT count(*) FROM places p WHERE p.folder_id = f.id)
         OR unread <> (SELECT count(*) FROM places p WHERE p.folder_id = f.id AND NOT p.is_read)`,
    );
    expect(wrong).toEqual([]);
    const lost = rowsOf(
      ctx,
      `SELECT id FROM messages m WHERE (missing_since IS NULL) <>
         EXISTS (SELECT 1 FROM places p WHERE p.message_id = m.id)`,
    );
    expect(lost).toEqual([]);
  });

/** The id of the message at a place. */
export const idAt = (owner: Owner, uid: number, path = "INBOX"): Promise<string | undefined> =>
  insideOf(
    owner,
    (ctx) =>
      rowsOf<{ id: string }>(
        ctx,
        `SELECT message_id AS id FROM places p JOIN folders f ON f.id = p.folder_id WHERE f.path = ? AND p.uid = ?`,
        path,
        uid,
      )[0]?.id,
  );

export const folderIdOf = (owner: Owner, path: string): Promise<string> =>
  insideOf(owner, (ctx) => rowsOf<{ id: string }>(ctx, "SELECT id FROM folders WHERE path = ?", path)[0]!.id);

/** The log of changes: how often each kind, by message id. */
export const changesOf = (owner: Owner): Promise<{ message_id: string; kind: string }[]> =>
  insideOf(owner, (ctx: MailboxContext) =>
    rowsOf<{ message_id: string; kind: string }>(ctx, "SELECT message_id, kind FROM changes ORDER BY seq"),
  );

/** A mail that differs from all others. */
export const mail = (n: number | string, headers = ""): string =>
  `Message-ID: <${n}@demo.example>\r\nDate: Mon, 06 Jul 2026 10:00:00 +0000\r\nFrom: Ann <ann@demo.example>\r\n` +
  `To: sardor@demo.example\r\nSubject: Mail ${n}\r\n${headers}\r\nHello, this is mail ${n}.\r\n`;

export const mails = (count: number, from = 1): string[] =>
  Array.from({ length: count }, (_, i) => mail(from + i));
