import { env } from "cloudflare:workers";
import { afterAll, afterEach, expect, vi } from "vitest";
import { app as front } from "../../src/app.ts";
import { app as emailService } from "../../src/email-service/routes.ts";
import { app as ems } from "../../src/ems/routes.ts";
import { verifyPassword } from "../../src/hub/auth/passwords.ts";
import { app as hub } from "../../src/hub/routes.ts";
import { jose } from "../../src/platform/auth/jose.ts";
import { app as telegram } from "../../src/telegram/routes.ts";
import { companiesSeen } from "./companies.ts";
import { holdAnswers, sendExamples, takeFaults } from "./contract.ts";
import { holdContract, takeContractFaults } from "./email-contract.ts";
import { holdHub, takeHubFaults } from "./hub-answers.ts";
import { checkLog } from "./log-check.ts";
import { TELEGRAM } from "./openapi.ts";

// Test files share a runtime and its modules. Each starts with empty storage, and restores clocks and globals.
companiesSeen.clear();
// Here, unlike in the Worker's bundle, a module is fetched: of two first requests one would wait for the other's.
await Promise.all([jose(), verifyPassword("", null)]);
await Promise.all([
  emptyDatabase(env.DB, env.TEST_SCHEMA),
  emptyDatabase(env.EMAIL_SERVICE_DB, env.TEST_EMAIL_SERVICE_SCHEMA),
  emptyDatabase(env.HUB_DB, env.TEST_HUB_SCHEMA),
  emptyDatabase(env.TELEGRAM_DB, env.TEST_TELEGRAM_SCHEMA),
  emptyBucket(),
]);

holdAnswers(front.own);
holdAnswers(ems);
holdContract(emailService);
holdHub(hub());
holdAnswers(telegram(), TELEGRAM);
afterEach(expectNoFaults);

afterAll(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await sendExamples();
  expectNoFaults();
  await checkLog();
});

/** Creates the schema of migrations in a database, in one transaction: work of an earlier file may still run. */
async function emptyDatabase(db: D1Database, schema: string[]): Promise<void> {
  const { results } = await db
    .prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '!_cf%' ESCAPE '!'",
    )
    .all<{ name: string }>();
  const statements = [
    "PRAGMA defer_foreign_keys = true",
    ...results.map(({ name }) => `DROP TABLE ${name}`),
    ...schema,
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

function expectNoFaults(): void {
  expect(takeFaults(), "answers that no document declares").toEqual([]);
  expect(takeContractFaults(), "answers that the contract of the Email Service API does not allow").toEqual(
    [],
  );
  expect(takeHubFaults(), "answers that the UzbekHub contract does not allow").toEqual([]);
}
