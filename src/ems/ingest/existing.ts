import type { RowOf } from "../../platform/d1/rows.ts";
import { sql } from "../../platform/d1/sql.ts";
import { batch, type Ctx } from "../context.ts";
import type { ProviderMessage } from "../provider/port.ts";
import type { messages } from "../schema/mail.ts";
import { type FileRow, selectFiles } from "./files.ts";
import { type KnownFolders, selectKnownFolders } from "./folders.ts";
import {
  type MoveCandidate,
  type RecentlyDeleted,
  selectMoveCandidate,
  selectRecentlyDeleted,
} from "./moves.ts";
import type { MailAccount } from "./state.ts";

type MessageRow = RowOf<typeof messages>;

/** A message's row with its files. */
export type StoredMessage = typeof messages.$inferSelect & { files: FileRow[] };

/** What the database has on a message that the provider reports. */
export interface Existing {
  stored: StoredMessage | undefined;
  /** When the provider deleted it, in milliseconds. */
  deletedAt: number | null;
  folders: KnownFolders;
  /** The stored message that may be this one under an earlier id. */
  candidate: (Omit<StoredMessage, "files"> & MoveCandidate) | undefined;
  /** The same mail, deleted less than an hour ago. */
  recentlyDeleted: RecentlyDeleted | undefined;
}

/** Reads what the database has on a message of the account, in one round trip. */
export async function findExisting(
  ctx: Ctx,
  account: MailAccount,
  message: ProviderMessage,
): Promise<Existing> {
  const key = sql`account_id = ${account.id} AND provider_message_id = ${message.id}`;
  const isNamed = message.internet_message_id !== undefined;
  const [[row], [tombstone], files, folders, candidates, deletions] = await batch(ctx, [
    sql<MessageRow>`SELECT * FROM ems_messages WHERE ${key}`,
    sql<{ deleted_at: number }>`SELECT deleted_at FROM ems_tombstones WHERE ${key}`,
    selectFiles(sql`SELECT id FROM ems_messages WHERE ${key}`),
    selectKnownFolders(account, message),
    isNamed ? [selectMoveCandidate(account, message)] : [],
    isNamed ? [selectRecentlyDeleted(account, message)] : [],
  ]);
  const [candidate] = candidates.flat();
  const [recentlyDeleted] = deletions.flat();
  return {
    stored: row && { ...toStored(row), files },
    deletedAt: tombstone?.deleted_at ?? null,
    folders,
    candidate: candidate && toStored(candidate),
    recentlyDeleted,
  };
}

const toStored = <Row extends MessageRow>(
  row: Row,
): Omit<Row, "has_attachments"> & Pick<StoredMessage, "has_attachments"> => ({
  ...row,
  has_attachments: row.has_attachments === 1,
});
