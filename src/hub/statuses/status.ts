import { notFound } from "../../lib/errors.ts";
import { badField } from "../../lib/field-errors.ts";
import { isoOf } from "../../lib/time.ts";
import { sql } from "../../platform/d1/sql.ts";
import type { UserCtx } from "../context.ts";

/** What somebody is doing. */
export interface Status {
  id: number;
  user: number;
  content: string;
  created_at: string;
  updated_at: string;
}

type StatusRow = { id: number; user_id: number; content: string; created_at: number; updated_at: number };

const COLUMNS = sql`id, user_id, content, created_at, updated_at`;

const toStatus = (row: StatusRow): Status => ({
  id: row.id,
  user: row.user_id,
  content: row.content,
  created_at: isoOf(row.created_at),
  updated_at: isoOf(row.updated_at),
});

/** Finds the caller's status. @throws ServiceError not_found if there is none */
export async function getStatus({ db, user }: UserCtx): Promise<Status> {
  return found(await db.all(sql<StatusRow>`SELECT ${COLUMNS} FROM hub_statuses WHERE user_id = ${user.id}`));
}

/** Sets a first status. @throws ServiceError invalid if there is one */
export async function createStatus({ db, user }: UserCtx, { content }: { content: string }): Promise<Status> {
  const now = Date.now();
  const [row] = await db.all(sql<StatusRow>`
    INSERT INTO hub_statuses (user_id, content, created_at, updated_at) VALUES (${user.id}, ${content}, ${now}, ${now})
    ON CONFLICT DO NOTHING RETURNING ${COLUMNS}`);
  if (!row) throw badField("user", "status with this user already exists.");
  return toStatus(row);
}

/** Changes the caller's status. @throws ServiceError not_found if there is none */
export async function updateStatus({ db, user }: UserCtx, { content }: { content: string }): Promise<Status> {
  return found(
    await db.all(sql<StatusRow>`
      UPDATE hub_statuses SET content = ${content}, updated_at = ${Date.now()} WHERE user_id = ${user.id}
      RETURNING ${COLUMNS}`),
  );
}

/** Removes the caller's status. @throws ServiceError not_found if there is none */
export async function deleteStatus({ db, user }: UserCtx): Promise<void> {
  found(
    await db.all(sql<StatusRow>`DELETE FROM hub_statuses WHERE user_id = ${user.id} RETURNING ${COLUMNS}`),
  );
}

function found([row]: StatusRow[]): Status {
  if (!row) throw notFound("Status");
  return toStatus(row);
}
