import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { everyRow } from "./support/lifetime.ts";

const objects = async () => {
  const { results } = await env.DB.prepare(
    "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE tbl_name <> 'd1_migrations' ORDER BY type, name",
  ).all();
  return results;
};

it("the schema of all other tests equals that of the migrations, which insert no rows", async () => {
  const inTests = await objects();
  expect(inTests.length).toBeGreaterThan(100);
  await reset();
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
  expect(await objects()).toEqual(inTests);
  expect(await everyRow()).toEqual([]);
});
