import { expect } from "vitest";
import type {
  MailboxApi,
  MailboxSettings,
  Message,
  MessageChange,
  MessageDetail,
  Owner,
} from "../../../src/mailbox/contract.ts";
import { mailboxOf, newOwner } from "./mailbox.ts";
import { insideOf } from "./quiet.ts";
import type { MailServer } from "./server.ts";

/** An account on the stand-in, which has looked at all of it. */
export async function syncedMailbox(server: MailServer, changes: Partial<MailboxSettings> = {}) {
  const owner = newOwner();
  const mailbox = mailboxOf(owner);
  granted(await mailbox.configure(owner, server.settings(changes), { password: server.password }));
  await sync(owner);

  const folders = async () => granted(await mailbox.folders(owner)).folders;
  const list = async (name: string): Promise<Message[]> => {
    const folder = (await folders()).find((each) => each.name === name);
    if (!folder) throw new Error(`There is no folder ${name}`);
    const query = {
      folderId: folder.id,
      limit: 500,
      offset: 0,
      sort: "receivedAt:desc",
      filter: "all",
    } as const;
    return granted(await mailbox.messages(owner, query)).messages;
  };
  return {
    owner,
    mailbox,
    folders,
    /** The messages of a folder, the newest first. */
    list,
    sync: () => sync(owner),
    read: async (id: string): Promise<MessageDetail> => granted(await mailbox.message(owner, id)).message,
    change: async (id: string, change: MessageChange): Promise<MessageDetail> =>
      granted(await mailbox.update(owner, id, change)).message,
    /** Makes all changes on the server at once, and looks at all of it. */
    settle: async () => {
      await makeOpsDue(owner);
      await sync(owner);
    },
  };
}

/** An answer that is no refusal. @throws Error for a refusal */
export function granted<T extends { ok: boolean }>(answer: T): Extract<T, { ok: true }> {
  if (!answer.ok) throw new Error(JSON.stringify(answer));
  return answer as Extract<T, { ok: true }>;
}

/** Looks at all folders, and waits for the end. After a failure it is tried again at once. */
export async function sync(owner: Owner): Promise<void> {
  // The types of RPC have no Record<string, unknown>.
  const mailbox = mailboxOf(owner) as unknown as MailboxApi;
  const scope = { force: false, folders: [] };
  const { task } = granted(await mailbox.sync(owner, scope));
  const ended = async () => {
    const now = granted(await mailbox.task(owner, task.taskId)).task;
    if (now.status !== "retry") return now;
    await forgetFailures(owner);
    return granted(await mailbox.sync(owner, scope)).task;
  };
  await expect.poll(ended, { interval: 50 }).toMatchObject({ taskId: task.taskId, status: "success" });
}

const forgetFailures = (owner: Owner): Promise<void> =>
  insideOf(owner, (ctx) => {
    ctx.sql.exec("UPDATE account SET failures = 0, refused_logins = 0, state = 'active'");
  });

/** Lets the next pass try all changes, also after failures. */
export const makeOpsDue = async (owner: Owner): Promise<void> => {
  await forgetFailures(owner);
  await insideOf(owner, (ctx) => void ctx.sql.exec("UPDATE ops SET due_at = 1"));
};

/** How many changes the server is still to be told of. */
export const pendingOps = (owner: Owner): Promise<number> =>
  insideOf(owner, (ctx) => ctx.sql.exec<{ n: number }>("SELECT count(*) AS n FROM ops").one().n);

/** The same without changes of missing messages: those wait until their message is found again, or deleted. */
export const openOps = (owner: Owner): Promise<number> =>
  insideOf(
    owner,
    (ctx) =>
      ctx.sql
        .exec<{ n: number }>(
          `SELECT count(*) AS n FROM ops
           WHERE EXISTS (SELECT 1 FROM places WHERE places.message_id = ops.message_id)`,
        )
        .one().n,
  );
