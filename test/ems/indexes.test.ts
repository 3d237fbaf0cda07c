import { expect, it } from "vitest";
import { db } from "../support/db.ts";

/**
 * Indexes that a released version names with INDEXED BY. Without its index, such a statement fails. Migrations run
 * before the new version, so remove a name only one release after its last use.
 */
const NAMED = [
  ...["ems_events_audience", "ems_outbox_due", "ems_syncs_swept", "ems_syncs_running", "ems_syncs_failed"],
  ...["ems_deliveries_parked_of", "ems_deliveries_retry"],
];

it("every index that a running version may name exists", async () => {
  const { results } = await db.prepare("SELECT name FROM sqlite_master WHERE type = 'index'").all();
  const names = results.map(({ name }) => name);
  expect(NAMED.filter((name) => !names.includes(name))).toEqual([]);
});

it("every index that the source names is in the list", () => {
  const sources = import.meta.glob<string>("../../src/**/*.ts", {
    query: "?raw",
    import: "default",
    eager: true,
  });
  const text = Object.values(sources).join("\n");
  const named = [...text.matchAll(/INDEXED BY (ems_\w+)/g)].map(([, name = ""]) => name);
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((name) => !NAMED.includes(name))).toEqual([]);
});
