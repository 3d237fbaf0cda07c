import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { mergeGroups } from "../../src/telegram/scheduler/merge.ts";
import type { Scheduler } from "../../src/telegram/scheduler/state.ts";
import type { FoundGroup } from "../../src/telegram-account/contract.ts";
import { call, unique } from "../support/client.ts";
import { silenceLog } from "../support/log-check.ts";
import {
  connect,
  foundGroup,
  inAccount,
  inMailing,
  newPhone,
  runAlarm,
  synced,
} from "../support/telegram-accounts.ts";
import { createTelegramUser, operatorToken, type TelegramUser } from "../support/telegram-client.ts";
import { waitFor } from "../support/wait.ts";

interface Listed {
  id: number;
  name: string;
  type: number;
  link: string | null;
}

const list = async (user: TelegramUser): Promise<Listed[]> => (await user.call("GET", "/groups/{id}/")).body;
const names = async (user: TelegramUser) => (await list(user)).map(({ name }) => name);
const excluded = async (user: TelegramUser) => (await user.call("GET", "/groups/{id}/excluded/")).body;
const exclude = (user: TelegramUser, ids: unknown) => user.call("PUT", "/groups/{id}/excluded/", { ids });
const find = (phone: number, found: FoundGroup[]) =>
  inAccount(phone, (account) => {
    account.found = found;
  });
const syncs = (phone: number) =>
  inAccount(phone, ({ calls }) => calls.filter(({ method }) => method === "groups").length);

/** Syncs as if the last sync was more than a minute ago, and waits for the end. */
async function sync(user: TelegramUser): Promise<void> {
  await inMailing(user.id, "UPDATE mailing SET synced_at = 1");
  expect(await user.call("GET", "/groups/{id}/sync/")).toMatchObject({ status: 200, body: [] });
  await synced(user.id);
}

describe("the list of groups", () => {
  it("is empty for a new user, and for one whose account has none", async () => {
    const user = await createTelegramUser();
    expect(await list(user)).toEqual([]);
    await connect(user);
    expect(await list(user)).toEqual([]);
  });

  it("has the contract's keys and types, public and private", async () => {
    const user = await createTelegramUser();
    await connect(user, [
      foundGroup({ title: "Logistika Uzbekistan", username: "logistika_uz" }),
      foundGroup({ peer: -unique(), title: "Yuk tashish", username: null, accessHash: null }),
    ]);
    const { body } = await user.call("GET", "/groups/{id}/");
    expect(JSON.stringify(body)).toBe(
      '[{"id":1,"name":"Logistika Uzbekistan","type":0,"link":"https://t.me/logistika_uz"},' +
        '{"id":2,"name":"Yuk tashish","type":1,"link":null}]',
    );
  });

  it("has a group of two accounts once: 10 and 8 make 15", async () => {
    const user = await createTelegramUser();
    const groups = Array.from({ length: 15 }, () => foundGroup());
    await connect(user, groups.slice(0, 10));
    await connect(user, groups.slice(7));
    expect((await list(user)).length).toBe(15);
    const counts = (await user.call("GET", "/accounts/{id}/")).body;
    expect(counts).toMatchObject([{ groups_count: 10 }, { groups_count: 8 }]);
  });

  it("is each user's own, also for one group", async () => {
    const [one, other] = [await createTelegramUser(), await createTelegramUser()];
    const group = foundGroup();
    await connect(one, [foundGroup(), group]);
    await connect(other, [group]);
    expect(await exclude(other, [1])).toMatchObject({ status: 200 });
    expect((await list(other)).map(({ id }) => id)).toEqual([1]);
    expect(await excluded(one)).toEqual({ ids: [] });
    expect((await one.call("GET", `/groups/${other.id}/`)).status).toBe(404);
  });
});

describe("excluded groups", () => {
  it.each([
    [{}, "This field is required."],
    [{ ids: null }, "This field may not be null."],
    [{ ids: "x" }, 'Expected a list of items but got type "str".'],
    [{ ids: [1, "x"] }, "A valid integer is required."],
    [{ ids: [1.5] }, "A valid integer is required."],
  ])("are refused for %j", async (fields, sentence) => {
    const user = await createTelegramUser();
    const answer = await user.call("PUT", "/groups/{id}/excluded/", fields);
    expect(answer).toMatchObject({ status: 400, body: { ids: [sentence] } });
  });

  it("that do not exist are refused by their ids, and nothing is changed", async () => {
    const user = await createTelegramUser();
    await connect(user, [foundGroup(), foundGroup()]);
    expect(await exclude(user, [2, 7, -1, 7])).toMatchObject({
      status: 400,
      body: {
        ids: ['Invalid pk "7" - object does not exist.', 'Invalid pk "-1" - object does not exist.'],
      },
    });
    expect(await excluded(user)).toEqual({ ids: [] });
  });

  it("are the ones of the last request, stay listed, and outlive a sync", async () => {
    const user = await createTelegramUser();
    await connect(user, [foundGroup(), foundGroup(), foundGroup()]);
    expect(await exclude(user, [3, 1, 3])).toMatchObject({ status: 200, body: { ids: [1, 3] } });
    expect(await exclude(user, [2, 3])).toMatchObject({ status: 200, body: { ids: [2, 3] } });
    await sync(user);
    expect(await excluded(user)).toEqual({ ids: [2, 3] });
    expect((await list(user)).map(({ id }) => id)).toEqual([1, 2, 3]);
    expect(await exclude(user, [])).toMatchObject({ status: 200, body: { ids: [] } });
  });

  it("stay excluded while they are not listed", async () => {
    const user = await createTelegramUser();
    const [family, cargo] = [foundGroup(), foundGroup()];
    const phone = await connect(user, [family, cargo]);
    await exclude(user, [1]);
    await find(phone, [cargo]);
    await sync(user);
    expect(await exclude(user, [])).toMatchObject({ status: 200, body: { ids: [] } });
    await find(phone, [family, cargo]);
    await sync(user);
    expect(await excluded(user)).toEqual({ ids: [1] });
  });
});

describe("a sync", () => {
  it("answers [] at once, and no cache keeps that", async () => {
    const user = await createTelegramUser();
    const answer = await user.call("GET", "/groups/{id}/sync/");
    expect(answer).toMatchObject({ status: 200, body: [] });
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });

  it("runs once a minute, and what is asked for within it runs at its end", async () => {
    const user = await createTelegramUser();
    const phone = await connect(user);
    const before = Date.now();
    for (let nth = 0; nth < 5; nth++) await user.call("GET", "/groups/{id}/sync/");
    expect(await syncs(phone)).toBe(1);
    const [row] = await inMailing<{ due: number; synced: number }>(
      user.id,
      "SELECT sync_due_at AS due, synced_at AS synced FROM mailing",
    );
    expect(row?.due).toBe((row?.synced ?? 0) + 60_000);
    expect(row?.synced).toBeLessThanOrEqual(before);
    await inMailing(user.id, "UPDATE mailing SET sync_due_at = 1");
    await runAlarm(user.id);
    await synced(user.id);
    expect(await syncs(phone)).toBe(2);
  });

  it("finds joined, left, renamed, closed and opened groups", async () => {
    const user = await createTelegramUser();
    const [a, b] = [foundGroup({ title: "A" }), foundGroup({ title: "B", username: null })];
    const phone = await connect(user, [a, b]);
    await find(phone, [{ ...b, title: "B 2", username: "b2" }, foundGroup({ title: "C" })]);
    await sync(user);
    expect(await list(user)).toMatchObject([
      { id: 2, name: "B 2", type: 0, link: "https://t.me/b2" },
      { id: 3, name: "C" },
    ]);
    await find(phone, [a]);
    await sync(user);
    expect(await list(user)).toMatchObject([{ id: 1, name: "A" }]);
  });

  it("writes no row of a group that has not changed", async () => {
    const user = await createTelegramUser();
    const phone = await connect(
      user,
      Array.from({ length: 40 }, () => foundGroup()),
    );
    const written = await runInDurableObject(
      env.TELEGRAM_MAILING.getByName(String(user.id)),
      async (_object, { storage }) => {
        const exec = storage.sql.exec.bind(storage.sql);
        const cursors: [string, SqlStorageCursor<Record<string, SqlStorageValue>>][] = [];
        Object.defineProperty(storage.sql, "exec", {
          configurable: true,
          value: (text: string, ...values: SqlStorageValue[]) => {
            const cursor = exec(text, ...values);
            cursors.push([text, cursor]);
            return cursor;
          },
        });
        try {
          exec("UPDATE mailing SET synced_at = 1");
          await (_object as unknown as { sync(): Promise<void> }).sync();
          await vi.waitFor(() => {
            const [row] = exec("SELECT sync_due_at AS due FROM mailing").toArray();
            expect(row?.due).toBeNull();
          }, 60_000);
          return cursors.flatMap(([text, cursor]) =>
            /groups|memberships/.test(text) ? [cursor.rowsWritten] : [],
          );
        } finally {
          Reflect.deleteProperty(storage.sql, "exec");
        }
      },
    );
    expect(written.length).toBeGreaterThan(3);
    expect(written.reduce((sum, each) => sum + each, 0)).toBe(0);
    expect(await syncs(phone)).toBe(2);
  });

  it("lets a group in again that it finds writable", async () => {
    const user = await createTelegramUser();
    await connect(user, [foundGroup()]);
    await inMailing(user.id, "UPDATE groups SET out_reason = 'chat_write_forbidden', refusals = 3");
    await sync(user);
    expect(await inMailing(user.id, "SELECT out_reason, refusals FROM groups")).toEqual([
      { out_reason: null, refusals: 0 },
    ]);
  });

  it("of an account that cannot be reached leaves its groups, takes those of the others, and is repeated", async () => {
    silenceLog();
    const user = await createTelegramUser();
    const broken = await connect(user, [foundGroup({ title: "A" })]);
    const whole = await connect(user, []);
    await find(whole, [foundGroup({ title: "B" })]);
    await inAccount(broken, (account) => {
      account.found = [foundGroup({ title: "C" })];
      account.plans.push({ method: "groups", isLost: true });
    });
    await inMailing(user.id, "UPDATE mailing SET synced_at = 1");
    await user.call("GET", "/groups/{id}/sync/");
    await waitFor(async () => expect(await names(user)).toEqual(["A", "B"]));
    await waitFor(async () => {
      const [row] = await inMailing<{ wait: number; tries: number }>(
        user.id,
        "SELECT sync_due_at - synced_at AS wait, sync_tries AS tries FROM mailing",
      );
      expect(row?.tries).toBe(1);
      expect(row?.wait).toBeGreaterThanOrEqual(60_000);
      expect(row?.wait).toBeLessThan(600_000);
    });
    await inMailing(user.id, "UPDATE mailing SET sync_due_at = 1");
    await runAlarm(user.id);
    await synced(user.id);
    expect(await names(user)).toEqual(["B", "C"]);
    vi.restoreAllMocks();
  });

  it("that Telegram wants to wait is done as soon as it may", async () => {
    const user = await createTelegramUser();
    const phone = await connect(user);
    await inAccount(phone, (account) => {
      account.plans.push({
        method: "groups",
        refusal: { ok: false, code: "flood_wait", seconds: 900, reason: "flood_wait" },
      });
    });
    await inMailing(user.id, "UPDATE mailing SET synced_at = 1");
    await user.call("GET", "/groups/{id}/sync/");
    await waitFor(async () => {
      const [row] = await inMailing<{ wait: number }>(
        user.id,
        "SELECT sync_due_at - synced_at AS wait FROM mailing",
      );
      expect(row?.wait).toBeGreaterThanOrEqual(901_000);
    });
  });

  it("gives up after six tries, and is there for the next request", async () => {
    silenceLog();
    const user = await createTelegramUser();
    const phone = await connect(user);
    await inAccount(phone, (account) => {
      account.plans.push({ method: "groups", isBroken: true, times: 6 });
    });
    await inMailing(user.id, "UPDATE mailing SET synced_at = 1");
    await user.call("GET", "/groups/{id}/sync/");
    for (let tries = 1; tries < 6; tries++) {
      await waitFor(async () => {
        const [row] = await inMailing<{ wait: number }>(
          user.id,
          "SELECT sync_due_at - synced_at AS wait FROM mailing WHERE sync_tries = ?",
          tries,
        );
        expect(row?.wait).not.toBe(600_000);
        expect(row?.wait).toBeGreaterThanOrEqual(60_000 * 2 ** (tries - 1));
      });
      await inMailing(user.id, "UPDATE mailing SET sync_due_at = 1");
      await runAlarm(user.id);
    }
    await synced(user.id);
    expect(await syncs(phone)).toBe(7);
    await find(phone, [foundGroup({ title: "A" })]);
    await sync(user);
    expect(await names(user)).toEqual(["A"]);
    vi.restoreAllMocks();
  });

  it("that died is repeated by the alarm", async () => {
    const user = await createTelegramUser();
    const phone = await connect(user);
    await find(phone, [foundGroup({ title: "A" })]);
    // What a sync leaves that has begun and has not ended.
    await inMailing(user.id, "UPDATE mailing SET sync_due_at = 1, synced_at = 1, sync_tries = 1");
    await runAlarm(user.id);
    await synced(user.id);
    expect(await names(user)).toEqual(["A"]);
  });

  it("puts no groups in the place of an account that was removed meanwhile", async () => {
    const user = await createTelegramUser();
    const phone = await connect(user, [foundGroup()]);
    await user.call("DELETE", `/accounts/{id}/${phone}/`);
    await sync(user);
    expect(await inMailing(user.id, "SELECT * FROM memberships")).toEqual([]);
  });
});

describe("a group that Telegram has made a supergroup", () => {
  const basic = () => foundGroup({ peer: -unique(), username: null, accessHash: null, title: "Basic" });

  it("keeps its id, its exclusion and its accounts", async () => {
    const user = await createTelegramUser();
    const group = basic();
    const [one, two] = [await connect(user, [foundGroup(), group]), await connect(user, [group])];
    await exclude(user, [2]);
    const successor = foundGroup({ title: "Super", formerPeer: group.peer });
    await find(one, [successor]);
    await inAccount(two, (account) => {
      account.plans.push({
        method: "groups",
        refusal: { ok: false, code: "flood_wait", seconds: 9, reason: "x" },
      });
    });
    await inMailing(user.id, "UPDATE mailing SET synced_at = 1");
    await user.call("GET", "/groups/{id}/sync/");
    await waitFor(async () => expect(await list(user)).toMatchObject([{ id: 2, name: "Super" }]));
    expect(await excluded(user)).toEqual({ ids: [2] });
    expect(await inMailing(user.id, "SELECT phone FROM memberships WHERE group_id = 2")).toHaveLength(2);
  });

  it("that another account has found by itself becomes one with it", async () => {
    const user = await createTelegramUser();
    const group = basic();
    const successor = foundGroup({ title: "Super" });
    const one = await connect(user, [group]);
    await connect(user, [successor]);
    await exclude(user, [2]);
    await inMailing(user.id, "UPDATE groups SET last_posted_at = 5 WHERE id = 2");
    await find(one, [{ ...successor, formerPeer: group.peer }]);
    for (let times = 0; times < 2; times++) {
      await sync(user);
      expect(await list(user)).toMatchObject([{ id: 1, name: "Super" }]);
    }
    expect(await excluded(user)).toEqual({ ids: [1] });
    expect(await inMailing(user.id, "SELECT phone FROM memberships WHERE group_id = 1")).toHaveLength(2);
    expect(await inMailing(user.id, "SELECT last_posted_at FROM groups WHERE id = 1")).toEqual([
      { last_posted_at: 5 },
    ]);
  });

  it("is not posted to again, in a run that has posted to it under its other id", async () => {
    const user = await createTelegramUser();
    const [former, successor] = [basic(), foundGroup()];
    const one = await connect(user, [former]);
    await connect(user, [successor]);
    const mailing = env.TELEGRAM_MAILING.getByName(String(user.id));
    // In one turn, so that the object's own alarm does not end the run before.
    const found = await runInDurableObject(mailing, (_object, { storage }) => {
      const { sql } = storage;
      sql.exec(`INSERT INTO runs (id, started_at, number, planned_at, ended_at, text)
        VALUES (1, 1, 0, 1, 2, ''), (2, 1, 1, 2, NULL, '')`);
      sql.exec("INSERT INTO deliveries (run_id, group_id, state) VALUES (1, 2, 'sent'), (2, 2, 'sent')");
      mergeGroups({ storage, sql } as unknown as Scheduler, one, [{ ...successor, formerPeer: former.peer }]);
      return sql.exec("SELECT run_id, state, reason FROM deliveries WHERE group_id = 1").toArray();
    });
    expect(found).toEqual([{ run_id: 2, state: "skipped", reason: "united" }]);
  });
});

describe("groups that the operator has blocked", () => {
  const operator = async (method: string, path: string, body?: unknown) =>
    call<never>(await operatorToken(), method, `/telegram/blocked-groups/${path}`, body);

  it.each([
    ["PUT", "-5", {}, 400, { note: ["This field is required."] }],
    ["PUT", "5", { note: "x" }, 400, { peer: [expect.stringContaining("negative")] }],
    ["PUT", "group", { note: "x" }, 400, { peer: [expect.stringContaining("negative")] }],
    ["DELETE", "-1234567", undefined, 404, { error: "not_found" }],
    ["DELETE", "x", undefined, 404, { error: "not_found" }],
    ["GET", "?size=0", undefined, 400, { size: ["Ensure this value is greater than or equal to 1."] }],
  ])("%s %s %j is refused", async (method, path, fields, status, body) => {
    expect(await operator(method, path, fields)).toMatchObject({ status, body });
  });

  it("are the operator's alone", async () => {
    const user = await createTelegramUser();
    const headers = { authorization: `tma ${user.initData}` };
    for (const method of ["GET", "PUT", "DELETE"]) {
      const path = `/telegram/blocked-groups/${method === "GET" ? "" : "-5"}`;
      const body = method === "PUT" ? { note: "x" } : undefined;
      expect((await call(null, method, path, body)).status).toBe(401);
      expect((await call(null, method, path, body, headers)).status).toBe(401);
    }
  });

  it("are written, noted again, listed in pages, and let go", async () => {
    const peers = [-9e14 - 3, -9e14 - 2, -9e14 - 1];
    for (const peer of peers)
      expect(await operator("PUT", `${peer}/`, { note: " Their admin asked " })).toMatchObject({
        status: 200,
        body: { peer, note: "Their admin asked", created_at: expect.stringMatching(/Z$/) },
      });
    expect(await operator("PUT", `${peers[0]}`, { note: "Again" })).toMatchObject({
      body: { note: "Again" },
    });
    expect(await operator("GET", "?size=2")).toMatchObject({
      status: 200,
      body: { blocked_groups: [{ peer: peers[0], note: "Again" }, { peer: peers[1] }], next: peers[1] },
    });
    const { body } = (await operator("GET", `?after=${peers[1]}&size=100`)) as { body: never };
    expect(body).toMatchObject({ blocked_groups: [{ peer: peers[2] }], next: null });
    for (const peer of peers) expect((await operator("DELETE", `${peer}/`)).status).toBe(204);
    expect((await operator("DELETE", `${peers[0]}/`)).status).toBe(404);
  });

  it("are known after a sync, stay listed, and are free again after another", async () => {
    const user = await createTelegramUser();
    const [open, blocked] = [foundGroup(), foundGroup()];
    await connect(user, [open, blocked]);
    const known = async () =>
      (await inMailing<{ b: number }>(user.id, "SELECT is_blocked AS b FROM groups ORDER BY id")).map(
        ({ b }) => b,
      );
    await operator("PUT", String(blocked.peer), { note: "x" });
    await sync(user);
    expect(await known()).toEqual([0, 1]);
    expect(await list(user)).toHaveLength(2);
    await operator("DELETE", String(blocked.peer));
    await sync(user);
    expect(await known()).toEqual([0, 0]);
  });
});

describe("erasing a user", () => {
  const erase = (user: TelegramUser) => env.TELEGRAM_MAILING.getByName(String(user.id)).erase();

  it("signs every account out, removes the files, and leaves an object that works", async () => {
    const user = await createTelegramUser();
    const phones = [await connect(user, [foundGroup()]), await connect(user)];
    const begun = newPhone();
    await user.call("POST", "/accounts/{id}/send-code/", { phone: begun });
    const keys = ["a", "b", "c"].map((name) => `telegram/${user.id}-${name}.jpg`);
    const kept = `telegram/${user.id}-other.jpg`;
    for (const key of [...keys, kept]) await env.ATTACHMENTS.put(key, "x");
    const media = (key: string | undefined) => JSON.stringify({ key, kind: "image" });
    await inMailing(user.id, "INSERT INTO files VALUES (?, 1)", keys[0]!);
    await inMailing(user.id, "UPDATE mailing SET media = ?", media(keys[1]));
    await inMailing(
      user.id,
      "INSERT INTO runs (started_at, number, planned_at, text, media) VALUES (1, 0, 1, '', ?)",
      media(keys[2]),
    );
    const [before] = await inMailing(user.id, "SELECT hex(seed) FROM mailing");
    expect(await erase(user)).toBe(true);
    for (const phone of [...phones, begun])
      expect(await inAccount(phone, (account) => account.user)).toBeNull();
    const left = await env.ATTACHMENTS.list({ prefix: `telegram/${user.id}-` });
    expect(left.objects.map(({ key }) => key)).toEqual([kept]);
    expect(await list(user)).toEqual([]);
    expect((await user.call("GET", "/accounts/{id}/")).body).toEqual([]);
    const [after] = await inMailing(user.id, "SELECT hex(seed) FROM mailing");
    expect(after).not.toEqual(before);
    expect(await runAlarm(user.id)).toBe(false);
    expect(await erase(user)).toBe(true);
    await connect(user, [foundGroup()], phones[0]);
    expect(await list(user)).toMatchObject([{ id: 1 }]);
  });

  it("is to be tried again while an account cannot be reached, and then erases", async () => {
    silenceLog();
    const user = await createTelegramUser();
    const phone = await connect(user, [foundGroup()]);
    await inAccount(phone, (account) => {
      account.plans.push({ method: "forget", isBroken: true, times: 2 });
    });
    expect(await erase(user)).toBe(false);
    expect(await list(user)).toHaveLength(1);
    expect(await erase(user)).toBe(true);
    expect(await list(user)).toEqual([]);
    vi.restoreAllMocks();
  });
});
