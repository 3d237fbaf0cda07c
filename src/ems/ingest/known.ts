import { sql } from "drizzle-orm";
import { batch, type Ctx } from "../context.ts";
import type { ProviderMessage } from "../provider/port.ts";
import type { BodyColumns } from "./bodies.ts";
import { type FileRow, selectFiles } from "./files.ts";
import { selectKnownFolders } from "./folders.ts";
import { type Departed, selectEarlier, type Twin } from "./moves.ts";
import type { MailAccount, Observed, State } from "./state.ts";

/** A message as the database has it, with its files. */
export type Stored = State &
  BodyColumns &
  Observed & {
    id: string;
    account_id: string;
    thread_id: string;
    threaded_by: string;
    applied_by: string;
    files: FileRow[];
  };

/** What is known of a message that the provider tells of. */
export interface Known {
  stored: Stored | undefined;
  /** When the provider has deleted it, in milliseconds. */
  deletedAt: number | null;
  /** What `filingOf` takes. */
  folders: unknown[][];
  /** Another message that this one may be, under an earlier id. */
  twin: (Omit<Stored, "files"> & Twin) | undefined;
  departed: Departed | undefined;
}

/** Reads what is known of a message of the account, in one round trip. */
export async function findKnown(ctx: Ctx, account: MailAccount, message: ProviderMessage): Promise<Known> {
  const key = sql`account_id = ${account.id} AND provider_message_id = ${message.id}`;
  const isNamed = message.internet_message_id !== undefined;
  const [rows, tombstones, files, folders, accounts, twins, departures] = await batch(ctx, [
    sql`SELECT * FROM ems_messages WHERE ${key}`,
    sql`SELECT deleted_at FROM ems_tombstones WHERE ${key}`,
    selectFiles(sql`SELECT id FROM ems_messages WHERE ${key}`),
    ...selectKnownFolders(account, message),
    ...(isNamed ? selectEarlier(account, message) : []),
  ]);
  const stored = toStored(rows);
  const [tombstone] = tombstones as { deleted_at: number }[];
  return {
    stored: stored && { ...stored, files: files as FileRow[] },
    deletedAt: tombstone?.deleted_at ?? null,
    folders: [folders ?? [], accounts ?? []],
    twin: toStored(twins) as Known["twin"],
    departed: (departures as Departed[] | undefined)?.[0],
  };
}

function toStored(rows: unknown[] | undefined): Omit<Stored, "files"> | undefined {
  const [row] = (rows ?? []) as (Omit<Stored, "files" | "has_attachments"> & { has_attachments: number })[];
  return row && { ...row, has_attachments: row.has_attachments === 1 };
}
