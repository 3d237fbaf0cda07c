import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { cuid } from "../../../src/lib/cuid.ts";
import type { MailboxContext } from "../../../src/mailbox/context.ts";
import type { FoundMessage, FoundPlace } from "../../../src/mailbox/store/found.ts";
import { rowsOf } from "../../../src/platform/rows.ts";
import { type bindings, mailboxOf, newOwner } from "./mailbox.ts";

/** Runs code inside a mailbox's Durable Object, a new one by default. */
export const inside = <T>(
  work: (ctx: MailboxContext) => T | Promise<T>,
  stub: DurableObjectStub = mailboxOf(newOwner()) as unknown as DurableObjectStub,
): Promise<T> =>
  runInDurableObject(stub, (_, { storage }) =>
    work({
      storage,
      sql: storage.sql,
      env: env as unknown as typeof bindings,
      wake: async () => {},
      waitUntil: () => {},
    }),
  );

/** Adds a folder. @returns its id */
export function addFolder(ctx: MailboxContext, path = `F${cuid()}`): string {
  const id = cuid();
  ctx.sql.exec("INSERT INTO folders (id, path, delimiter, type) VALUES (?, ?, '/', 'custom')", id, path);
  return id;
}

/** A message as a server would give it. */
export const foundMessage = (changes: Partial<FoundMessage> = {}): FoundMessage => ({
  key: cuid(),
  internetMessageId: "",
  refs: [],
  receivedAt: 1_700_000_000_000,
  from: { name: "Ann", address: "Ann@demo.example" },
  to: [{ name: "", address: "sardor@demo.example" }],
  cc: [],
  bcc: [],
  replyTo: [],
  subject: "Hello",
  preview: null,
  size: 1000,
  parts: [],
  ...changes,
});

export const foundPlace = (
  uid: number,
  changes: Partial<FoundMessage> = {},
  flags: Partial<FoundPlace> = {},
): FoundPlace => ({ uid, isRead: false, flags: [], message: foundMessage(changes), ...flags });

/** All places of a folder: by UID, which message, and its flags. */
export const placesOf = (ctx: MailboxContext, folderId: string) =>
  rowsOf<{ uid: number; message_id: string; is_read: number; flags: string }>(
    ctx,
    "SELECT uid, message_id, is_read, flags FROM places WHERE folder_id = ? ORDER BY uid",
    folderId,
  );

/** What the folder says of itself. */
export const countersOf = (ctx: MailboxContext, folderId: string) =>
  rowsOf<{ total: number; unread: number; version: number }>(
    ctx,
    "SELECT total, unread, version FROM folders WHERE id = ?",
    folderId,
  )[0];
