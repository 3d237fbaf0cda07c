import { readdirSync, readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";

const MIGRATIONS = new URL("../../migrations/ems/", import.meta.url);

const files = readdirSync(MIGRATIONS)
  .filter((name) => name.endsWith(".sql"))
  .toSorted();
const own = files.find((name) => name.endsWith("_recall.sql")) ?? "";

function migrate(db: DatabaseSync, names: string[]): void {
  for (const name of names) db.exec(readFileSync(new URL(name, MIGRATIONS), "utf8"));
}

it("notifications stored before keep their bytes' keys, and new ones need none", () => {
  const db = new DatabaseSync(":memory:");
  migrate(
    db,
    files.filter((name) => name < own),
  );
  const states = ["received", "applied", "ignored", "parked"];
  const insert = db.prepare(`
    INSERT INTO ems_deliveries (id, type, grant_id, account_id, received_at, occurred_at, state, attempts, key)
    VALUES (?, 'message.created', 'grant', 'account', 1, 1, ?, 2, ?)`);
  for (const state of states) insert.run(state, state, `notifications/1970-01-01/${state}.json`);
  const read = () => db.prepare("SELECT * FROM ems_deliveries ORDER BY rowid").all();
  const before = read();
  migrate(
    db,
    files.filter((name) => name >= own),
  );
  expect(read()).toEqual(before.map((row) => ({ ...row, change: null })));

  db.exec(`
    INSERT INTO ems_deliveries (id, type, received_at, state, key, change)
    VALUES ('new', 'message.created', 2, 'applied', '', 'message/1')`);
  // An erasure takes these keys.
  const keys = db.prepare("SELECT key FROM ems_deliveries WHERE key <> '' ORDER BY rowid").all();
  expect(keys).toEqual(states.map((state) => ({ key: `notifications/1970-01-01/${state}.json` })));
});
