import { dbOf } from "./db.ts";

interface Named {
  name: string;
}

/**
 * Copies all rows of a company's database: of all companies in D1, or of its object.
 * @returns a function that puts them back in one transaction, as a restore to that time does
 */
export async function takeSnapshot(company: number): Promise<() => Promise<void>> {
  const db = dbOf(company);
  const all = async <Row>(sql: string, ...params: unknown[]) =>
    (
      await db
        .prepare(sql)
        .bind(...params)
        .all<Row>()
    ).results;
  const tables = await all<Named>(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND (name LIKE 'ems!_%' ESCAPE '!' OR name = 'companies')",
  );
  const copies: { name: string; columns: string[]; rows: string }[] = [];
  for (const { name } of tables) {
    // Without generated columns.
    const columns = (await all<Named>("SELECT name FROM pragma_table_info(?)", name)).map(
      (each) => each.name,
    );
    copies.push({
      name,
      columns,
      rows: JSON.stringify(await all(`SELECT ${columns.join(", ")} FROM ${name}`)),
    });
  }
  const triggers = await all<Named & { sql: string }>(
    "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'",
  );
  return async () => {
    // Restored rows fire no triggers.
    await db.batch([
      ...triggers.map(({ name }) => db.prepare(`DROP TRIGGER ${name}`)),
      ...copies.flatMap(({ name, columns, rows }) => [
        db.prepare(`DELETE FROM ${name}`),
        db
          .prepare(
            `INSERT INTO ${name} (${columns.join(", ")})
             SELECT ${columns.map((column) => `value ->> '${column}'`).join(", ")} FROM json_each(?)`,
          )
          .bind(rows),
      ]),
      ...triggers.map(({ sql }) => db.prepare(sql)),
    ]);
  };
}
