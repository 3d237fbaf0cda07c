import { DatabaseSync } from "node:sqlite";

interface Migration {
  queries: string[];
}

/** D1 takes 100 KB of SQL at once. */
const ROWS_A_STATEMENT = 500;

/** The statements that create in one go the schema that all migrations make, with the rows that they put in. */
export function schemaOf(migrations: Migration[]): string[] {
  const db = new DatabaseSync(":memory:");
  for (const { queries } of migrations) for (const query of queries) db.exec(query);
  // SQLite creates the indexes of constraints and its own tables by itself.
  const objects = db
    .prepare(
      "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY rowid",
    )
    .all();
  const rows = objects.filter(({ type }) => type === "table").flatMap(({ name }) => rowsOf(db, `${name}`));
  return [...objects.map(({ sql }) => `${sql}`), ...rows];
}

/** The statements that insert the rows of a table. */
function rowsOf(db: DatabaseSync, table: string): string[] {
  const rows = db.prepare(`SELECT * FROM "${table}"`).all();
  const columns = Object.keys(rows[0] ?? {});
  const values = columns.map((_, nth) => `value->>${nth}`);
  const statements: string[] = [];
  for (let start = 0; start < rows.length; start += ROWS_A_STATEMENT) {
    const part = rows.slice(start, start + ROWS_A_STATEMENT).map((row) => Object.values(row));
    const json = JSON.stringify(part).replaceAll("'", "''");
    statements.push(`INSERT INTO "${table}" (${columns}) SELECT ${values} FROM json_each('${json}')`);
  }
  return statements;
}
