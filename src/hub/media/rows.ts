import { type SQL, sql } from "../../platform/d1/sql.ts";

/** The R2 key of a file. */
export const objectOf = (key: string): string => `hub/${key}`;

/** Notes that a row refers to a file from now on: for the batch that writes the row. */
export const useFile = (key: string): SQL => sql`UPDATE hub_files SET is_used = 1 WHERE key = ${key}`;

/**
 * Notes that nothing refers to files any more: they are not served from now on. For the batch that removes the rows, before
 * them. Afterwards `{type: "delete-files"}` deletes the objects.
 * @param keys an SQL expression to put after IN: `(SELECT file FROM …)`
 */
export const dropFiles = (keys: SQL): SQL =>
  sql`UPDATE hub_files SET deleted_at = ${Date.now()} WHERE key IN ${keys} AND deleted_at IS NULL`;
