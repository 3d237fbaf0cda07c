import { cuid } from "../../lib/cuid.ts";
import { rowsOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";
import type { FolderType } from "../contract.ts";
import type { ImapClient } from "../imap/client.ts";
import { setAside } from "../store/places.ts";
import { nameFolders } from "./folder-types.ts";

/** A folder of the mirror, with the server's values as of the last pass that took in all their changes. */
export type FolderRow = {
  id: string;
  path: string;
  delimiter: string | null;
  type: FolderType;
  parent_id: string | null;
  uidvalidity: string | null;
  uidnext: number | null;
  modseq: string | null;
  server_total: number | null;
  server_unseen: number | null;
  synced_low: number | null;
  flags_at: number | null;
  flags_from: number | null;
  checked_at: number | null;
  total: number;
};

/** What STATUS says of a folder. 64-bit numbers are texts. */
export interface FolderStatus {
  uidvalidity: string;
  uidnext: number;
  /** Null on a server without CONDSTORE. */
  modseq: string | null;
  total: number;
  unseen: number;
}

/** Folders that a mailbox may have: more are not looked at. */
const MAX_FOLDERS = 5000;

const STATUS = { messages: true, uidNext: true, uidValidity: true, unseen: true, highestModseq: true };

/** Asks the server for its folders and their status, and notes new ones. @returns those of the mirror that it has, and that it has no more */
export async function listFolders(
  ctx: MailboxContext,
  client: ImapClient,
): Promise<{ present: { folder: FolderRow; status: FolderStatus | undefined }[]; gone: FolderRow[] }> {
  const listed = (await client.list({ statusQuery: STATUS })).slice(0, MAX_FOLDERS);
  const named = nameFolders(
    listed.map(({ path, delimiter, flags }) => ({ path, delimiter: delimiter || null, attributes: flags })),
    client.namespace?.prefix,
  );
  const statuses = new Map(listed.map(({ path, status }) => [path, toStatus(status)]));
  const rows = saveFolders(ctx, named);
  const paths = new Set(named.map(({ path }) => path));
  return {
    present: rows
      .filter(({ path }) => paths.has(path))
      .map((folder) => ({ folder, status: statuses.get(folder.path) })),
    gone: rows.filter(({ path }) => !paths.has(path)),
  };
}

/** Reads a folder again: other work may have changed it meanwhile. */
export const reread = (ctx: MailboxContext, { id }: FolderRow): FolderRow | undefined =>
  rowsOf<FolderRow>(ctx, `SELECT ${COLUMNS} FROM folders WHERE id = ?`, id)[0];

const COLUMNS = `id, path, delimiter, type, parent_id, uidvalidity, uidnext, modseq, server_total, server_unseen,
  synced_low, flags_at, flags_from, checked_at, total`;

const foldersOf = (ctx: MailboxContext): FolderRow[] =>
  rowsOf<FolderRow>(ctx, `SELECT ${COLUMNS} FROM folders WHERE is_local = 0 ORDER BY id`);

function saveFolders(ctx: MailboxContext, named: ReturnType<typeof nameFolders>): FolderRow[] {
  return ctx.storage.transactionSync(() => {
    // Also those that were only here, for mails of ours: the server has them now.
    const known = new Map(
      rowsOf<FolderRow & { is_local: number }>(ctx, `SELECT ${COLUMNS}, is_local FROM folders`).map((row) => [
        row.path,
        row,
      ]),
    );
    const ids = new Map(named.map(({ path }) => [path, known.get(path)?.id ?? cuid()]));
    for (const { path, delimiter, type, parentPath } of named) {
      const row = known.get(path);
      const id = ids.get(path)!;
      const parent = parentPath === null ? null : (ids.get(parentPath) ?? null);
      const isSame = row?.type === type && row.parent_id === parent && row.delimiter === delimiter;
      if (isSame && row.is_local === 0) continue;
      // The UIDs that another protocol gave mean nothing on this server.
      if (row?.is_local === 1) setAside(ctx, id);
      ctx.sql.exec(
        `INSERT INTO folders (id, path, delimiter, type, parent_id) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (id) DO UPDATE SET is_local = 0, delimiter = ?3, type = ?4, parent_id = ?5`,
        ...[id, path, delimiter, type, parent],
      );
    }
    return foldersOf(ctx);
  });
}

interface ListedStatus {
  messages?: number | undefined;
  uidNext?: number | undefined;
  uidValidity?: bigint | undefined;
  unseen?: number | undefined;
  highestModseq?: bigint | undefined;
}

/** @returns undefined for a folder that the server does not tell of */
function toStatus(status: ListedStatus | undefined): FolderStatus | undefined {
  const { messages, uidNext, uidValidity, unseen, highestModseq } = status ?? {};
  if (messages === undefined || uidNext === undefined || uidValidity === undefined) return undefined;
  return {
    uidvalidity: String(uidValidity),
    uidnext: uidNext,
    modseq: highestModseq ? String(highestModseq) : null,
    total: messages,
    unseen: unseen ?? 0,
  };
}
