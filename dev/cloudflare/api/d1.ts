import { randomUUID } from "node:crypto";
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { Hono } from "hono";
import type { Account, Database } from "../account.ts";
import type { Runtime } from "../runtime.ts";
import { type Api, Refusal, succeed, succeedWithPage } from "./wire.ts";

const shown = (database: Database) => ({ ...database, version: "production" });

function databaseOf({ databases }: Account, idOrName: string): Database {
  const found = databases.get(idOrName) ?? [...databases.values()].find(({ name }) => name === idOrName);
  if (!found) throw new Refusal(404, 7404, `The database ${idOrName} could not be found`);
  return found;
}

/** D1, under /d1/database. */
export const d1 = new Hono<Api>()
  .get("/", (c) => {
    const name = c.req.query("name");
    const all = [...c.var.account.databases.values()].filter((each) => !name || each.name === name);
    return succeedWithPage(c, all.map(shown), 1000);
  })
  .post("/", async (c) => {
    const { name } = await c.req.json<{ name: string }>();
    const { databases } = c.var.account;
    if ([...databases.values()].some((each) => each.name === name))
      throw new Refusal(400, 7502, `A database with that name already exists`);
    const created_at = new Date().toISOString();
    const database = { uuid: randomUUID(), name, created_at };
    databases.set(database.uuid, database);
    return succeed(c, shown(database));
  })
  .get("/:database", (c) => succeed(c, shown(databaseOf(c.var.account, c.req.param("database")))))
  .get("/:database/time_travel/bookmark", async (c) => {
    const database = databaseOf(c.var.account, c.req.param("database"));
    const timestamp = c.req.query("timestamp");
    const bookmark = timestamp ? bookmarkAt(database, timestamp) : await keepState(c.var.runtime, database);
    return succeed(c, { bookmark });
  })
  .post("/:database/time_travel/restore", async (c) => {
    const database = databaseOf(c.var.account, c.req.param("database"));
    const bookmark = c.req.query("bookmark") ?? bookmarkAt(database, c.req.query("timestamp") ?? "");
    if (!database.bookmarks?.includes(bookmark)) throw new Refusal(400, 7400, "No such bookmark");
    const previous_bookmark = await keepState(c.var.runtime, database);
    await c.var.runtime.restoreDatabase(database.uuid, bookmark);
    return succeed(c, { bookmark, previous_bookmark, message: "Restored" });
  })
  .post("/:database/query", async (c) => {
    const { uuid } = databaseOf(c.var.account, c.req.param("database"));
    const { sql, params = [] } = await c.req.json<{ sql: string; params?: SQLInputValue[] }>();
    const results = await c.var.runtime.withDatabase(uuid, (sqlite) => run(sqlite, sql, params));
    return succeed(c, [{ results, success: true, meta: { served_by: "stand-in" } }]);
  });

/** Keeps the state of now. @returns its bookmark: the milliseconds since 1970, in hexadecimal */
async function keepState(runtime: Runtime, database: Database): Promise<string> {
  const bookmark = Date.now().toString(16).padStart(16, "0");
  await runtime.keepDatabase(database.uuid, bookmark);
  database.bookmarks = [...(database.bookmarks ?? []), bookmark];
  return bookmark;
}

/** The newest state kept at a time or before it. @param timestamp in RFC 3339, or seconds since 1970 */
function bookmarkAt({ bookmarks = [] }: Database, timestamp: string): string {
  const time = /^\d+$/.test(timestamp) ? Number(timestamp) * 1000 : Date.parse(timestamp);
  const found = bookmarks.findLast((bookmark) => Number.parseInt(bookmark, 16) <= time);
  if (!found) throw new Refusal(400, 7400, "There is no state of that time");
  return found;
}

/** Runs one query, or several statements in one transaction, as D1 does. */
function run(sqlite: DatabaseSync, sql: string, params: SQLInputValue[]): unknown[] {
  try {
    if (/^\s*(select|pragma|with)\b/i.test(sql)) return sqlite.prepare(sql).all(...params);
    sqlite.exec("BEGIN");
    try {
      sqlite.exec(sql);
      sqlite.exec("COMMIT");
    } catch (error) {
      sqlite.exec("ROLLBACK");
      throw error;
    }
    return [];
  } catch (error) {
    throw new Refusal(400, 7500, `${error instanceof Error ? error.message : error}: SQLITE_ERROR`);
  }
}
