import { sql } from "../../platform/d1/sql.ts";
import type { Ctx } from "../context.ts";

/** The room's version; null if the room is gone. It reads one row. */
export async function versionOf({ db }: Ctx, room: string): Promise<number | null> {
  const [found] = await db.all(
    sql<{ version: number }>`SELECT version FROM hub_rooms WHERE id = ${room} AND deleted_at IS NULL`,
  );
  return found?.version ?? null;
}
