import type { MailboxContext } from "../../../src/mailbox/context.ts";
import type { FolderType, Owner } from "../../../src/mailbox/contract.ts";
import { inside } from "./inside.ts";
import { mailboxOf, newOwner, settingsOf } from "./mailbox.ts";

/** Opens a mailbox that never connects. */
export async function quietMailbox(): Promise<Owner> {
  const owner = newOwner();
  const settings = settingsOf({ port: 1, isSyncEnabled: false });
  const opened = await mailboxOf(owner).configure(owner, settings, { password: "correct horse" });
  if (!opened.ok) throw new Error(opened.message);
  return owner;
}

/** Runs code inside the mailbox of an owner. */
export const insideOf = <T>(owner: Owner, work: (ctx: MailboxContext) => T | Promise<T>): Promise<T> =>
  inside(work, mailboxOf(owner) as unknown as DurableObjectStub);

/** Adds a folder of a type. Its id is its path in lower case, for a test to name it. */
export function addFolderOf(ctx: MailboxContext, type: FolderType, path: string = type): string {
  const id = path.toLowerCase();
  ctx.sql.exec(
    "INSERT INTO folders (id, path, delimiter, type, uidvalidity) VALUES (?, ?, '/', ?, '1')",
    ...[id, path, type],
  );
  return id;
}
