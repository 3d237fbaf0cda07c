import { notFound } from "../../../lib/errors.ts";
import { badField } from "../../../lib/field-errors.ts";
import { hmacHex } from "../../../lib/hmac.ts";
import { sql } from "../../../platform/d1/sql.ts";
import type { UserCtx } from "../../context.ts";
import { enqueueSoon } from "../../jobs.ts";
import { dropFiles, useFile } from "../../media/rows.ts";
import type { StoredFile } from "../../media/store.ts";
import { ownKey } from "../../own-key.ts";
import { type Attachment, FILE_COLUMNS, type FileRow, toOwn } from "./attachments.ts";
import type { FileUpload } from "./schemas.ts";

/** A temporary file that is uploaded again after this stays for another day. */
const RENEWED_MS = 3600_000;

/** An uploaded file. */
export interface Uploaded {
  file: Attachment;
  /** False if the user has had the same file. */
  isNew: boolean;
}

/**
 * Keeps an uploaded file for the caller's messages. The same file again is the same row: the new object is dropped, also of
 * two uploads at once.
 * @throws ServiceError invalid for a type that the content does not have; not_found if the account was deleted meanwhile
 */
export async function uploadFile(ctx: UserCtx, { file, file_type }: FileUpload): Promise<Uploaded> {
  const { db, user } = ctx;
  const { key, size, family } = file;
  await requireFitting(ctx, file, file_type);
  const uniqueId = await uniqueIdOf(ctx, file);
  const now = Date.now();
  const owned = sql`owner_id = ${user.id} AND unique_id = ${uniqueId}`;
  const [inserted, , , dropped, [row]] = await db.batch([
    sql<{ id: number }>`
      INSERT INTO hub_chat_files (owner_id, unique_id, file, file_type, file_size, uploaded_at)
      SELECT u.id, ${uniqueId}, ${key}, ${file_type ?? family}, ${size}, ${now} FROM hub_users u
      WHERE u.id = ${user.id} AND u.deleted_at IS NULL
      ON CONFLICT (owner_id, unique_id) DO NOTHING RETURNING id`,
    sql`UPDATE hub_chat_files SET uploaded_at = ${now}
        WHERE ${owned} AND is_temporary = 1 AND uploaded_at < ${now - RENEWED_MS}`,
    sql`${useFile(key)} AND EXISTS (SELECT 1 FROM hub_chat_files WHERE file = ${key})`,
    sql`${dropFiles(sql`(${key})`)} AND NOT EXISTS (SELECT 1 FROM hub_chat_files WHERE file = ${key}) RETURNING key`,
    sql<FileRow>`SELECT ${FILE_COLUMNS} FROM hub_chat_files f WHERE ${owned}`,
  ]);
  if (dropped.length > 0) enqueueSoon(ctx, { type: "delete-files" });
  if (!row) throw notFound("User");
  return { file: await toOwn(ctx, row), isNew: inserted.length > 0 };
}

/** Anything may be sent as a document, but nothing as a picture, a video or a voice message that it is not. */
async function requireFitting(
  ctx: UserCtx,
  { key, family }: StoredFile,
  wanted: FileUpload["file_type"],
): Promise<void> {
  if (wanted === undefined || wanted === family || wanted === "document" || wanted === "other") return;
  await ctx.db.run(dropFiles(sql`(${key})`));
  enqueueSoon(ctx, { type: "delete-files" });
  throw badField("file_type", `The content of the file is not of the type "${wanted}".`);
}

/** Security: the owner is part of it, so that it tells nobody whether somebody else has the same file. */
async function uniqueIdOf({ config, user }: UserCtx, { digest }: StoredFile): Promise<string> {
  return hmacHex(await ownKey(config, "chat files"), `${user.id}\n${digest}`);
}
