import { createHash, createHmac } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { unstable_readConfig } from "wrangler";

const CONFIG = fileURLToPath(new URL("../wrangler.toml", import.meta.url));
const ROOT = fileURLToPath(new URL("..", import.meta.url));

const OBJECTS = "miniflare-D1DatabaseObject";

/** The file in which miniflare keeps a D1 database. @param folder of all of them. @param id of the database */
export function databaseFile(folder: string, id: string): string {
  const key = createHash("sha256").update(OBJECTS).digest();
  const hmac = (data: string | Buffer) => createHmac("sha256", key).update(data).digest().subarray(0, 16);
  const named = hmac(id);
  return join(folder, OBJECTS, `${Buffer.concat([named, hmac(named)]).toString("hex")}.sqlite`);
}

/** Of wrangler's configuration, whose type it does not export. */
interface Database {
  binding: string;
  database_id?: string;
  preview_database_id?: string;
  migrations_dir?: string;
}

/**
 * Applies the migrations to the local databases, while no Worker runs. `wrangler d1 migrations apply --local` does the
 * same, but takes five seconds for each database.
 * @param state what wrangler is given as `--persist-to`
 */
export function applyMigrations(state: string): void {
  const databases: Database[] = unstable_readConfig({ config: CONFIG }).d1_databases;
  const folder = join(state, "v3", "d1");
  mkdirSync(join(folder, OBJECTS), { recursive: true });
  for (const { binding, database_id, preview_database_id, migrations_dir = "" } of databases) {
    const file = databaseFile(folder, preview_database_id ?? database_id ?? binding);
    const sqlite = new DatabaseSync(file);
    try {
      migrate(sqlite, join(ROOT, migrations_dir));
    } finally {
      sqlite.close();
    }
  }
}

/** With wrangler's own table, so that either can go on after the other. */
const APPLIED = `CREATE TABLE IF NOT EXISTS d1_migrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;

function migrate(sqlite: DatabaseSync, folder: string): void {
  sqlite.exec(APPLIED);
  const applied = new Set(
    sqlite
      .prepare("SELECT name FROM d1_migrations")
      .all()
      .map(({ name }) => name),
  );
  const files = readdirSync(folder).filter((name) => name.endsWith(".sql"));
  for (const name of files.sort()) {
    if (applied.has(name)) continue;
    sqlite.exec("BEGIN");
    sqlite.exec(readFileSync(join(folder, name), "utf8"));
    sqlite.prepare("INSERT INTO d1_migrations (name) VALUES (?)").run(name);
    sqlite.exec("COMMIT");
  }
}
