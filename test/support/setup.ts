import { env } from "cloudflare:workers";
import { afterAll, vi } from "vitest";

// Files share a runtime and its modules: each one begins with empty storage, and leaves clocks and globals as they were.
await Promise.all([emptyDatabase(env.DB), emptyDatabase(env.DB_2), emptyBucket()]);

afterAll(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Gives a database the schema that the migrations make, in one transaction: what another file left may still run. */
async function emptyDatabase(db: D1Database): Promise<void> {
  const { results } = await db
    .prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '%cf%'",
    )
    .all<{ name: string }>();
  const statements = [
    "PRAGMA defer_foreign_keys = true",
    ...results.map(({ name }) => `DROP TABLE ${name}`),
    ...env.TEST_SCHEMA,
  ];
  await db.batch(statements.map((sql) => db.prepare(sql)));
}

async function emptyBucket(): Promise<void> {
  for (;;) {
    const { objects } = await env.ATTACHMENTS.list();
    if (objects.length === 0) return;
    await env.ATTACHMENTS.delete(objects.map(({ key }) => key));
  }
}
