import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createContext } from "../../src/telegram/context.ts";
import { runCron } from "../../src/telegram/cron.ts";
import { telegramDb } from "../support/telegram-client.ts";
import {
  alarmOf,
  createMailer,
  inAccount,
  MINUTE,
  passUntil,
  planFor,
  postsOf,
  rowsIn,
  START,
  setClock,
} from "../support/telegram-mailing.ts";

beforeEach(() => setClock());
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Counts the rows that an object writes, until it is undone. Setting an alarm writes one, too. */
function meter(storage: DurableObjectStorage): { rows: () => number; stop: () => void } {
  const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
  let alarms = 0;
  const { exec } = storage.sql;
  const run = exec.bind(storage.sql);
  storage.sql.exec = ((query: string, ...values: unknown[]) => {
    const cursor = run(query, ...values);
    cursors.push(cursor);
    return cursor;
  }) as typeof exec;
  const setAlarm = storage.setAlarm.bind(storage);
  storage.setAlarm = (...args) => {
    alarms++;
    return setAlarm(...args);
  };
  return {
    rows: () => alarms + cursors.reduce((sum, { rowsWritten }) => sum + rowsWritten, 0),
    stop: () => {
      Reflect.deleteProperty(storage.sql, "exec");
      Reflect.deleteProperty(storage, "setAlarm");
    },
  };
}

it.each([1, 15])("a run of %i groups writes 4 rows for each post, and 8 more at most", async (count) => {
  const mailer = await createMailer({ groups: Array.from({ length: count }, () => [0]) });
  await mailer.object.start(true);
  const written = await runInDurableObject(mailer.stub, async (object, { storage }) => {
    const { rows, stop } = meter(storage);
    await storage.deleteAlarm();
    await object.alarm();
    stop();

    return rows();
  });
  expect(await postsOf(mailer)).toHaveLength(count);
  expect(written).toBeLessThanOrEqual(4 * count + 8);
  expect(written).toBeGreaterThan(4 * count);
});

it("groups that a run does not reach cost one row together, and each is told with its reason", async () => {
  const mailer = await createMailer({ groups: Array.from({ length: 500 }, () => [0]) });
  const refusal = { ok: false as const, reason: "refused" };
  await planFor(
    mailer.phones[0]!,
    { refusal: { ...refusal, code: "flood_wait", seconds: 1900 } },
    { refusal: { ...refusal, code: "peer_flood" } },
  );
  await mailer.object.start(true);
  const written = await runInDurableObject(mailer.stub, async (object, { storage }) => {
    const { rows, stop } = meter(storage);
    // The first run waits for longer than it lasts; in the second one the account is limited.
    for (const minutes of [0, 30, 32]) {
      vi.setSystemTime(START + minutes * MINUTE);
      await storage.deleteAlarm();
      await object.alarm();
    }
    stop();
    return rows();
  });
  expect(written).toBeLessThanOrEqual(40);
  const [second, first] = await mailer.object.runs(null, 2);
  expect(first).toMatchObject({ sent: 0, skipped: 500, failed: 0, unknown: 0 });
  expect(second).toMatchObject({ sent: 0, skipped: 500, failed: 0, unknown: 0 });
  const reasonsOf = async (id: number) => {
    const { groups } = (await mailer.call("GET", `/mailing/{id}/runs/${id}/`)).body;
    expect(new Set(groups.map(({ id: group }: { id: number }) => group)).size).toBe(500);
    return [...new Set(groups.map(({ reason }: { reason: string }) => reason))];
  };
  expect(await reasonsOf(first!.id)).toEqual(["late"]);
  expect(await reasonsOf(second!.id)).toEqual(["account_limited"]);
});

it("cron wakes a mailing whose alarm is gone, and leaves others alone", async () => {
  const [lost, idle] = [await createMailer({ groups: [[0]] }), await createMailer({ groups: [[0]] })];
  await lost.object.start(true);
  await runInDurableObject(lost.stub, (_, { storage }) => storage.deleteAlarm());
  const ctx = createContext(env, { waitUntil: () => {} });
  await runCron(ctx);
  expect(await alarmOf(lost)).toBe(START);
  expect(await alarmOf(idle)).toBe(null);
  await passUntil(lost, START + MINUTE);
  await runCron(ctx);
  expect(await postsOf(lost)).toHaveLength(1);
});

it("cron forgets a mailing that has been over for a day", async () => {
  const mailer = await createMailer({ groups: [[0]] });
  const note = (at: number) =>
    telegramDb.prepare("UPDATE telegram_users SET active_until = ? WHERE id = ?").bind(at, mailer.id).run();
  const noted = () =>
    telegramDb
      .prepare("SELECT active_until FROM telegram_users WHERE id = ?")
      .bind(mailer.id)
      .first("active_until");
  const ctx = createContext(env, { waitUntil: () => {} });
  await note(START - 1000);
  await runCron(ctx);
  expect(await noted()).toBe(START - 1000);
  await note(START - 1441 * MINUTE);
  await runCron(ctx);
  expect(await noted()).toBe(null);
});

it("runs go after 30 days, and what became of their groups with them", async () => {
  const mailer = await createMailer({ groups: [[0], [0]] });
  await mailer.object.start(true);
  await passUntil(mailer, START + 9 * 60 * MINUTE);
  expect(await mailer.object.runs(null, 100)).toHaveLength(16);
  await passUntil(mailer, START + 30 * 1440 * MINUTE);
  expect(await mailer.object.runs(null, 100)).toHaveLength(16);
  await passUntil(mailer, START + 32 * 1440 * MINUTE);
  expect(await mailer.object.runs(null, 100)).toEqual([]);
  expect(await rowsIn(mailer, "SELECT count(*) AS count FROM deliveries")).toEqual([{ count: 0 }]);
  expect(await alarmOf(mailer)).toBe(null);
});

it("an account makes its posts at a distance, also over a death", async () => {
  const mailer = await createMailer({ groups: [[0], [0], [0]] });
  await mailer.object.start(true);
  const { TelegramMailing } = await import("../../src/telegram/scheduler/mailing.ts");
  await runInDurableObject(mailer.stub, async (_, state) => {
    const paced = { ...env, TELEGRAM_PACE: "20000-20000" } as Env;
    for (const seconds of [0, 20, 40, 60]) {
      vi.setSystemTime(START + seconds * 1000);
      await state.storage.deleteAlarm();
      // Each knows nothing of the one before it.
      await new TelegramMailing(state, paced).alarm();
    }
  });
  expect((await postsOf(mailer)).map(({ at }) => (at - START) / 1000)).toEqual([0, 20, 40]);
  const calls = await inAccount(mailer.phones[0]!, (account) => account.calls);
  expect(calls).toHaveLength(3);
});

it("runs are listed in pages, newest first, and another's run is 404", async () => {
  const mailer = await createMailer({ groups: [[0], [0]] });
  await mailer.object.start(true);
  await passUntil(mailer, START + 61 * MINUTE);
  const { body } = await mailer.call("GET", "/mailing/{id}/runs/?size=2");
  expect(body).toEqual(
    [2, 1].map((number) => ({
      ...{ id: number + 1, number, sent: 2, skipped: 0, failed: 0, unknown: 0 },
      planned_at: `2040-01-30T1${number === 2 ? "1:00" : "0:30"}:00Z`,
      began_at: `2040-01-30T1${number === 2 ? "1:00" : "0:30"}:00Z`,
      ended_at: `2040-01-30T1${number === 2 ? "1:00" : "0:30"}:00Z`,
    })),
  );
  const older = await mailer.call("GET", `/mailing/{id}/runs/?before=${body[1].id}`);
  expect(older.body.map(({ id }: { id: number }) => id)).toEqual([1]);
  expect((await mailer.call("GET", "/mailing/{id}/runs/1/")).body).toMatchObject({
    id: 1,
    groups: [
      {
        ...{ id: 1, name: "Group 1", state: "sent", reason: null, phone: mailer.phones[0] },
        ...{ at: "2040-01-30T10:00:00Z", link: "https://t.me/group_1/1" },
      },
      { id: 2, link: null },
    ],
  });
  expect(await mailer.call("GET", "/mailing/{id}/runs/4/")).toMatchObject({
    ...{ status: 404, body: { error: "run_not_found" } },
  });
  for (const query of ["size=0", "size=101", "size=x", "before=x", "page=1"])
    expect([query, (await mailer.call("GET", `/mailing/{id}/runs/?${query}`)).status]).toEqual([query, 400]);
});
