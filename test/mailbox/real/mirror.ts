import type { Owner, Task } from "../../../src/mailbox/contract.ts";
import { rowsOf } from "../../../src/platform/rows.ts";
import { waitFor } from "../../support/wait.ts";
import { newOwner } from "../support/mailbox.ts";
import { insideOf } from "../support/quiet.ts";
import { apiOf } from "../support/sending.ts";
import type { ListedFolder } from "./script.ts";
import type { RealMailbox } from "./servers.ts";

/** Opens an account for a mailbox that is synced only when the test asks for it, and syncs it. */
export async function connect({ settings, password }: RealMailbox): Promise<Owner> {
  const owner = newOwner();
  const given = { ...settings, syncInterval: 86_400 };
  const opened = await apiOf(owner).configure(owner, given, { password });
  if (!opened.ok) throw new Error(opened.message);
  await sync(owner);
  return owner;
}

/** Syncs all folders. @throws Error with what the task says when it fails */
export async function sync(owner: Owner, force = false): Promise<void> {
  const mailbox = apiOf(owner);
  const asked = await mailbox.sync(owner, { force, folders: [] });
  if (!asked.ok) throw new Error(`${asked.code}: ${asked.message}`);
  const ended = await waitFor(async (): Promise<Task> => {
    const found = await mailbox.task(owner, asked.task.taskId);
    if (!found.ok || !["success", "failure"].includes(found.task.status)) throw new Error("It is not over");
    return found.task;
  }, 5);
  if (ended.status === "failure") throw new Error(`${ended.code}: ${ended.error}`);
}

type PlaceRow = {
  path: string;
  uidvalidity: string;
  uid: number | null;
  is_read: number;
  flags: string;
};

/** What the mailbox keeps of the server, in the form of a second client's listing. */
export async function mirrorOf(owner: Owner): Promise<ListedFolder[]> {
  const rows = await insideOf(owner, (ctx) =>
    rowsOf<PlaceRow>(
      ctx,
      `SELECT f.path, f.uidvalidity, p.uid, p.is_read, p.flags
       FROM folders f LEFT JOIN places p ON p.folder_id = f.id ORDER BY f.path, p.uid`,
    ),
  );
  const folders = new Map<string, ListedFolder>();
  for (const { path, uidvalidity, uid, is_read, flags } of rows) {
    const folder = folders.get(path) ?? { path, uidvalidity, mails: [] };
    folders.set(path, folder);
    if (uid === null) continue;
    folder.mails.push({ uid, flags: [...(is_read ? ["\\Seen"] : []), ...flags.split(" ").filter(Boolean)] });
  }
  return [...folders.values()];
}

/** A listing without what depends on the order of an answer. */
export const normalized = (listing: ListedFolder[]): ListedFolder[] =>
  listing
    .map(({ path, uidvalidity, mails }) => ({
      path,
      uidvalidity,
      mails: mails.map(({ uid, flags }) => ({ uid, flags: flags.toSorted() })),
    }))
    .sort((left, right) => (left.path < right.path ? -1 : 1));
