import { DatabaseSync } from "node:sqlite";

interface Migration {
  queries: string[];
}

/** The statements that create in one go the schema that all migrations make. */
export function schemaOf(migrations: Migration[]): string[] {
  const db = new DatabaseSync(":memory:");
  for (const { queries } of migrations) for (const query of queries) db.exec(query);
  // SQLite creates the indexes of constraints and its own tables by itself.
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
