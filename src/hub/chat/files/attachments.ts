import { badField } from "../../../lib/field-errors.ts";
import { isoOf } from "../../../lib/time.ts";
import { sql } from "../../../platform/d1/sql.ts";
import type { Ctx, UserCtx } from "../../context.ts";
import { signedPath } from "../../media/urls.ts";

/** A file, as answers have it. */
export interface Attachment {
  id: number;
  unique_id: string;
  /** A signed URL, good for 6 to 12 hours; within the module only its path. */
  file: string;
  file_type: string;
  file_size: number;
  is_temporary: boolean;
  uploaded_at: string;
}

export type FileRow = {
  id: number;
  unique_id: string;
  file: string;
  file_type: string;
  file_size: number;
  is_temporary: 0 | 1;
  uploaded_at: number;
};

export const FILE_COLUMNS = sql.raw(
  "f.id, f.unique_id, f.file, f.file_type, f.file_size, f.is_temporary, f.uploaded_at",
);

/** @returns the file with the path of its URL */
export const toAttachment = async (ctx: Ctx, row: FileRow): Promise<Attachment> => ({
  ...row,
  file: await signedPath(ctx.config, row.file),
  is_temporary: row.is_temporary === 1,
  uploaded_at: isoOf(row.uploaded_at),
});

/** @returns the file with its whole URL, for its owner */
export async function toOwn(ctx: UserCtx, row: FileRow): Promise<Attachment> {
  const attachment = await toAttachment(ctx, row);
  return { ...attachment, file: ctx.origin + attachment.file };
}

const byId = async (ctx: Ctx, rows: FileRow[]): Promise<Map<number, Attachment>> =>
  new Map(
    await Promise.all(
      rows.map(async (row) => [row.id, await toAttachment(ctx, row)] as [number, Attachment]),
    ),
  );

const among = (ids: number[]) => sql`f.id IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`;

/** Finds the files of messages, by id. Those that are gone are left out. */
export async function findAttachments(ctx: Ctx, ids: number[]): Promise<Map<number, Attachment>> {
  if (ids.length === 0) return new Map();
  return byId(
    ctx,
    await ctx.db.all(sql<FileRow>`SELECT ${FILE_COLUMNS} FROM hub_chat_files f WHERE ${among(ids)}`),
  );
}

/**
 * Takes files for a message: from now on they are not temporary.
 * @throws ServiceError invalid for a file that is not the owner's
 */
export async function takeFiles(ctx: Ctx, owner: number, ids: number[]): Promise<Map<number, Attachment>> {
  if (ids.length === 0) return new Map();
  const [, rows] = await ctx.db.batch([
    sql`UPDATE hub_chat_files AS f SET is_temporary = 0
        WHERE f.owner_id = ${owner} AND ${among(ids)} AND f.is_temporary = 1`,
    sql<FileRow>`SELECT ${FILE_COLUMNS} FROM hub_chat_files f WHERE f.owner_id = ${owner} AND ${among(ids)}`,
  ]);
  const missing = ids.find((id) => !rows.some((row) => row.id === id));
  if (missing !== undefined) throw badField("files", `Invalid pk "${missing}" - object does not exist.`);
  return byId(ctx, rows);
}
