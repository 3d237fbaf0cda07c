import { DatabaseSync } from "node:sqlite";

interface Migration {
  queries: string[];
}

/** The statements that make at once what all migrations make of an empty database. */
export function schemaOf(migrations: Migration[]): string[] {
  const db = new DatabaseSync(":memory:");
  for (const { queries } of migrations) for (const query of queries) db.exec(query);
  // The indexes of constraints have no statement; SQLite makes them, and its own tables, by itself.
  const objects = db
    .prepare(
      "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY rowid",
    )
    .all();
  for (const { type, name } of objects) {
    const isFilled = type === "table" && db.prepare(`SELECT 1 FROM "${name}" LIMIT 1`).get();
    if (isFilled) throw new Error(`Migrations put rows into ${name}: a schema alone does not make them`);
  }
  return objects.map(({ sql }) => `${sql}`);
}
