import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { app } from "../../src/app.ts";
import { createContext, ofCompany } from "../../src/ems/context.ts";
import { type Erasure, eraseBatch, TABLES } from "../../src/ems/erasure/batches.ts";
import { applyMessage } from "../../src/ems/ingest/apply.ts";
import { parkNotification } from "../../src/ems/intake/consumer.ts";
import { nowSeconds } from "../../src/lib/time.ts";
import { calm, faultyEnv, type Queued } from "../chaos/faults.ts";
import { consume, execution } from "../chaos/queue.ts";
import { type Client, connectMailbox, createClient, unique } from "../support/client.ts";
import { db, dbOf } from "../support/db.ts";
import { cron, everyRow, keysOfRows, keysUnder, setClock } from "../support/lifetime.ts";
import { silenceLog } from "../support/log-check.ts";
import { eventually, notify, receiveMail, storedMail } from "../support/nylas.ts";
import { queued } from "../support/queued.ts";
import { waitFor } from "../support/wait.ts";

afterEach(() => {
  vi.useRealTimers();
});

type Mailbox = Awaited<ReturnType<typeof connectMailbox>>;

const LARGE = "<p>for nobody else</p>".repeat(5000);
const OBJECTS = ["attachments/", "bodies/", "drafts/", "outbox/", "uploads/", "idempotency/"];
const file = { filename: "plan.txt", contentType: "text/plain", content: btoa("the plan") };

/** A large mail with a file in R2. */
async function receiveLarge(client: Client, box: Mailbox, subject = `Large ${unique()}`) {
  const [{ id: provider_id } = { id: "" }] = await receiveMail({
    ...{ from: { email: "customer@out.example" }, to: [{ email: box.email_address }] },
    ...{ subject, html: LARGE, attachments: [file] },
  });
  const message = await eventually(async () => {
    const { body } = await client.call("GET", "/messages/?size=100");
    const found = body.items.find((item: { subject: string }) => item.subject === subject);
    expect(found?.attachments).toHaveLength(1);
    return found;
  });
  const download = await client.call("GET", `/attachments/${message.attachments[0].id}/download`);
  const row = await db
    .prepare("SELECT body_key FROM ems_messages WHERE id = ?")
    .bind(message.id)
    .first<{ body_key: string }>();
  const keys = [row!.body_key, `attachments/${box.company_id}/${message.attachments[0].id}`];
  return {
    id: message.id as string,
    thread_id: message.thread_id as string,
    provider_id,
    keys,
    url: download.body.download_url as string,
  };
}

const missingOf = async (keys: string[]): Promise<string[]> => {
  const heads = await Promise.all(keys.map((key) => env.ATTACHMENTS.head(key)));
  return keys.filter((_, nth) => !heads[nth]);
};

const expectOnlyWhatRowsNeed = async () => expect(await keysUnder(...OBJECTS)).toEqual(await keysOfRows());

const removeAtProvider = (box: Mailbox, id: string) =>
  notify("message.deleted", { id, grant_id: box.grant_id });

const expectGone = (client: Client, id: string) =>
  eventually(async () => expect((await client.call("GET", `/messages/${id}`)).status).toBe(404));

describe("a deleted message", () => {
  it("loses its body, its files and their links", async () => {
    const client = await createClient();
    const box = await connectMailbox(client);
    const mail = await receiveLarge(client, box);
    expect(await missingOf(mail.keys)).toEqual([]);
    await removeAtProvider(box, mail.provider_id);
    await expectGone(client, mail.id);
    await cron();
    expect(await missingOf(mail.keys)).toEqual(mail.keys);
    const { pathname, search } = new URL(mail.url);
    expect((await client.call("GET", `${pathname}${search}`)).status).toBe(404);
  });

  it("keeps a file until the mail that forwards it is sent", async () => {
    const client = await createClient();
    const box = await connectMailbox(client);
    const mail = await receiveLarge(client, box);
    const { body: waiting } = await client.call("POST", `/messages/${mail.id}/forward`, {
      ...{ to: [{ email: "d@out.example" }], body_html: "<p>See below</p>", undo_seconds: 60 },
    });
    expect(waiting.state).toBe("queued");
    await removeAtProvider(box, mail.provider_id);
    await expectGone(client, mail.id);
    await cron();
    const [body = "", attachment = ""] = mail.keys;
    expect(await missingOf(mail.keys)).toEqual([body]);
    setClock(2);
    await cron();
    expect(await missingOf(mail.keys)).toEqual([body]);
    vi.useRealTimers();
    expect((await client.call("POST", `/outbox/${waiting.id}/cancel`)).status).toBe(200);
    setClock(5);
    await cron();
    expect(await missingOf([attachment])).toEqual([attachment]);
  });

  it("leaves no missing references, and no late message to catch up on", async () => {
    const client = await createClient();
    const box = await connectMailbox(client);
    const mail = await receiveLarge(client, box);
    const own = dbOf(box.company_id);
    await own.batch([
      own
        .prepare(
          "INSERT INTO ems_pending_references (account_id, internet_message_id, message_id) VALUES (?, '<never@out.example>', ?)",
        )
        .bind(box.id, mail.id),
      own
        .prepare("INSERT INTO ems_late_messages (account_id, message_id) VALUES (?, ?)")
        .bind(box.id, mail.id),
    ]);
    await removeAtProvider(box, mail.provider_id);
    await expectGone(client, mail.id);
    const rows = async () =>
      (await everyRow()).filter((row) => row.includes(mail.id) && !row.startsWith("ems_events"));
    // It may have been moved, so it can return for an hour.
    expect((await rows()).filter((row) => !row.startsWith("ems_departures"))).toEqual([]);
    setClock(2);
    await cron();
    vi.useRealTimers();
    expect(await rows()).toEqual([]);
  });
});

it("a replaced body stays for concurrent readers, and is deleted after an hour", async () => {
  const client = await createClient();
  const box = await connectMailbox(client);
  const mail = await receiveLarge(client, box);
  const stored = (await storedMail(box.grant_id)).find(({ id }) => id === mail.provider_id);
  await notify("message.updated", { ...stored, grant_id: box.grant_id, body: `${LARGE}<p>More</p>` });
  await eventually(async () => {
    expect((await client.call("GET", `/messages/${mail.id}`)).body.body_html).toMatch(/More<\/p>$/);
  });
  const [before = ""] = mail.keys;
  await cron();
  expect(await missingOf([before])).toEqual([]);
  setClock(1.1);
  await cron();
  expect(await missingOf([before])).toEqual([before]);
  vi.useRealTimers();
  expect((await client.call("GET", `/messages/${mail.id}`)).body.body_html).toMatch(/More<\/p>$/);
});

it("a late message that all users have seen is removed, and its number is never reused", async () => {
  const [account, other] = [crypto.randomUUID(), crypto.randomUUID()];
  const own = dbOf(unique());
  const add = (id: string) =>
    own
      .prepare("INSERT INTO ems_late_messages (account_id, message_id) VALUES (?, ?) RETURNING seq")
      .bind(id, crypto.randomUUID())
      .first<number>("seq");
  const last = await add(account);
  const seenBy = (user: number, seq: number) =>
    own
      .prepare("INSERT INTO ems_inbox_counters (user_id, account_id, late_seen) VALUES (?, ?, ?)")
      .bind(user, account, seq)
      .run();
  await seenBy(1, 9e9);
  await seenBy(2, (last ?? 0) - 1);
  for (let run = 0; run < 3; run++) await cron();
  const left = () => db.prepare("SELECT seq FROM ems_late_messages").all();
  expect((await left()).results).toEqual([{ seq: last }]);
  await db.prepare("UPDATE ems_inbox_counters SET late_seen = ?").bind(last).run();
  await waitFor(async () => {
    await cron();
    expect((await left()).results).toEqual([]);
  });
  expect(await add(account)).toBe((last ?? 0) + 1);
  // Users catch up on at most 500.
  for (let n = 0; n < 10; n++) {
    await own
      .prepare(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
       INSERT INTO ems_late_messages (account_id, message_id) SELECT ?1, ?1 || i FROM n`,
      )
      .bind(other)
      .run();
  }
  const { results } = await db
    .prepare("SELECT count(*) AS n FROM ems_late_messages WHERE account_id = ?")
    .bind(other)
    .all<{ n: number }>();
  expect(results[0]?.n).toBeGreaterThan(500);
  expect(results[0]?.n).toBeLessThan(900);
});

it("tombstones are removed after 90 days", async () => {
  const id = crypto.randomUUID();
  const own = dbOf(unique());
  for (const days of [89, 91]) {
    await own
      .prepare("INSERT INTO ems_tombstones (account_id, provider_message_id, deleted_at) VALUES (?, ?, ?)")
      .bind(id, `${days}`, Date.now() - days * 86_400_000)
      .run();
  }
  await cron();
  const { results } = await db
    .prepare("SELECT provider_message_id AS days FROM ems_tombstones WHERE account_id = ?")
    .bind(id)
    .all();
  expect(results).toEqual([{ days: "89" }]);
});

describe("a Worker that crashes", () => {
  /** Fails at the n-th call of a binding, and at every later one. */
  const dieAt = (n: number, moment: "before" | "after") => {
    let calls = 0;
    return {
      strike: () => (++calls < n ? null : calls === n ? moment : ("before" as const)),
      died: () => calls >= n,
    };
  };

  it.each(["before", "after"] as const)(
    "%s any call leaves no object without a row: ingest, drafts, sent mail, uploads and responses",
    async (moment) => {
      silenceLog();
      const client = await createClient();
      const box = await connectMailbox(client);
      const ask = (on: Env, method: string, path: string, body: object, key?: string) =>
        app.fetch(
          new Request(`https://xabar.test${path}`, {
            method,
            headers: {
              authorization: `Bearer ${client.token}`,
              "content-type": "application/json",
              ...(key ? { "idempotency-key": key } : {}),
            },
            body: JSON.stringify(body),
          }),
          on,
          execution,
        );
      const mail = {
        email_account_id: box.id,
        to: [{ email: "d@out.example" }],
        subject: "S",
        body_html: LARGE,
      };
      const { body: draft } = await client.call("POST", "/drafts/", mail);
      const queue: Queued[] = [];
      let tried = 0;
      const upload = (on: Env) => {
        const body = new FormData();
        body.append("files", new File(["a file"], "a.txt"));
        const headers = { authorization: `Bearer ${client.token}` };
        const request = new Request("https://xabar.test/attachments/", { method: "POST", headers, body });
        return app.fetch(request, on, execution);
      };
      /** The same mail with a new body each time. */
      const take = async (on: Env) => {
        const from = [{ email: "c@out.example" }];
        const text = { body: `${LARGE}${unique()}`, from, to: from, cc: [], bcc: [], subject: "S" };
        const object = {
          id: "changing",
          grant_id: box.grant_id,
          thread_id: "t",
          date: 1_700_000_000,
          ...text,
        };
        const time = Math.floor(Date.now() / 1000) + tried;
        const notification = { id: `n${unique()}`, type: "message.updated", time, data: { object } };
        const body = queued(notification, time);
        await consume([{ queue: "xabar-webhooks", body, attempts: 1 }], on, queue);
        return new Response();
      };
      const works: ((on: Env) => Promise<Response> | Response)[] = [
        upload,
        take,
        (on) => ask(on, "POST", "/drafts/", mail, crypto.randomUUID()),
        (on) => ask(on, "PATCH", `/drafts/${draft.id}`, { body_html: `${LARGE}${unique()}` }),
        (on) => ask(on, "POST", "/messages/send/", { ...mail, undo_seconds: 60 }),
      ];
      for (const work of works) {
        for (let n = 1; ; n++) {
          const { strike, died } = dieAt(n, moment);
          await (await work(faultyEnv(strike, queue))).text();
          tried++;
          if (!died()) break;
        }
      }
      expect(tried).toBeGreaterThan(25);
      vi.restoreAllMocks();
      setClock(25);
      await cron(faultyEnv(calm, queue));
      vi.useRealTimers();
      await expectOnlyWhatRowsNeed();
      const kinds = (await keysUnder(...OBJECTS)).map((key) => key.split("/")[0]);
      expect(kinds).toEqual(expect.arrayContaining(["bodies", "drafts", "outbox", "uploads"]));
    },
  );
});

describe("erasing", () => {
  it("needs the role admin, and foreign ids are 404", async () => {
    const client = await createClient();
    const box = await connectMailbox(client);
    const [company] = client.claims.companies;
    const agent = await createClient({ companies: client.claims.companies, role: "agent" });
    const stranger = await createClient();
    const paths = [`/accounts/${box.id}?erase=true`, `/companies/${company}`];
    for (const path of paths) {
      expect(await agent.call("DELETE", path)).toMatchObject({
        status: 403,
        body: { detail: 'This needs the role "admin"' },
      });
      expect((await stranger.call("DELETE", path)).status).toBe(404);
    }
    expect((await client.call("DELETE", `/accounts/${box.id}?erase=yes`)).status).toBe(400);
    expect((await client.call("GET", `/accounts/${box.id}`)).body).toMatchObject({ status: "active" });
  });

  it("an account hides it at once, revokes its grant, and can be repeated", async () => {
    const client = await createClient();
    const box = await connectMailbox(client);
    const kept = await connectMailbox(client);
    await receiveLarge(client, box);
    const other = await receiveLarge(client, kept);
    for (let n = 0; n < 2; n++) {
      expect((await client.call("DELETE", `/accounts/${box.id}/?erase=true`)).status).toBe(204);
      expect((await client.call("GET", `/accounts/${box.id}`)).status).toBe(404);
      expect((await client.call("GET", "/accounts/")).body).toMatchObject([{ id: kept.id }]);
      expect((await client.call("GET", "/inbox/")).body).toMatchObject({ total: 1 });
    }
    // Jobs delete its mail. Its address is free at once.
    await eventually(async () => {
      const { body } = await client.call("GET", "/messages/");
      expect(body.items).toMatchObject([{ id: other.id }]);
    });
    const again = await client.call("POST", "/accounts/", {
      ...{ company_id: box.company_id, email_address: box.email_address },
    });
    expect(again).toMatchObject({ status: 201, body: { status: "disconnected" } });
    await waitFor(async () => {
      const grants = await storedMail(box.grant_id).catch(() => null);
      expect(grants).toBeNull();
    });
    setClock(2);
    await waitFor(async () => {
      await cron();
      expect((await everyRow()).filter((row) => row.includes(box.id))).toEqual([]);
    });
    vi.useRealTimers();
    expect((await client.call("DELETE", `/accounts/${box.id}/?erase=true`)).status).toBe(404);
    expect((await client.call("GET", `/messages/${other.id}`)).body.body_html).toBe(LARGE);
  });

  it("an account moves a shared thread to the other account in it", async () => {
    const client = await createClient();
    const [box, kept] = [await connectMailbox(client), await connectMailbox(client)];
    const mail = await receiveLarge(client, box);
    const { body: reply } = await client.call("POST", `/messages/${mail.id}/reply`, {
      ...{
        email_account_id: kept.id,
        to: [{ email: "customer@out.example" }],
        subject: "Re",
        body_html: "Yes",
      },
    });
    expect(reply.thread_id).toBe(mail.thread_id);
    await client.call("DELETE", `/accounts/${box.id}?erase=true`);
    await eventually(async () => {
      const { body: thread } = await client.call("GET", `/threads/${mail.thread_id}`);
      expect(thread).toMatchObject({ email_account_id: kept.id, messages: [{ id: reply.id }] });
    });
    expect((await client.call("GET", "/threads/")).body).toMatchObject({
      total: 1,
      items: [{ id: mail.thread_id }],
    });
  });

  it("two accounts of one thread, side by side, leave no event of the thread", async () => {
    const client = await createClient();
    const [box, other] = [await connectMailbox(client), await connectMailbox(client)];
    const { company_id } = box;
    const mail = await receiveLarge(client, box);
    const { body: reply } = await client.call("POST", `/messages/${mail.id}/reply`, {
      ...{ email_account_id: other.id, to: [{ email: "c@out.example" }], subject: "Re", body_html: "Yes" },
    });
    expect(reply.thread_id).toBe(mail.thread_id);
    const own = dbOf(company_id);
    for (const { id } of [box, other])
      await own
        .prepare("INSERT INTO ems_erasures (company_id, account_id, started_at, due_at) VALUES (?, ?, 1, ?)")
        .bind(company_id, id, nowSeconds() + 3600)
        .run();
    const ctx = ofCompany(createContext(env, execution), company_id);
    const erasureOf = (id: string) =>
      own
        .prepare("SELECT * FROM ems_erasures WHERE company_id = ? AND account_id = ?")
        .bind(company_id, id)
        .first<Erasure>();
    // The thread is still the first account's when the other deletes the last message in it.
    for (let round = 0; round < 5; round++)
      for (const { id } of [box, other]) await eraseBatch(ctx, (await erasureOf(id))!);
    const { results } = await own
      .prepare("SELECT * FROM ems_events WHERE company_id = ? AND thread_id = ?")
      .bind(company_id, mail.thread_id)
      .all();
    expect(results).toEqual([]);
    expect((await client.call("GET", `/threads/${mail.thread_id}`)).status).toBe(404);
  });

  it("covers every table with an account_id", async () => {
    const { results } = await db
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%`account_id`%'")
      .all<{ name: string }>();
    // The other tables have their own functions (erasure/batches.ts), or triggers that follow a message.
    const others = [
      ...["ems_messages", "ems_threads", "ems_outbox", "ems_deliveries", "ems_events", "ems_erasures"],
      ...["ems_attachments", "ems_inbox_entries", "ems_pending_references", "ems_thread_folders"],
    ];
    expect(results.map(({ name }) => name).toSorted()).toEqual(
      [...Object.keys(TABLES), ...others].toSorted(),
    );
  });

  it("continues after a crash at any call", async () => {
    silenceLog();
    const client = await createClient();
    const box = await connectMailbox(client);
    for (let n = 0; n < 3; n++) await receiveLarge(client, box);
    const own = dbOf(box.company_id);
    await own.batch([
      own
        .prepare(
          "INSERT INTO ems_erasures (company_id, account_id, grant_id, started_at, due_at) VALUES (?, ?, ?, unixepoch(), unixepoch() + 60000)",
        )
        .bind(box.company_id, box.id, box.grant_id),
      own.prepare("DELETE FROM ems_accounts WHERE id = ?").bind(box.id),
    ]);
    const queue: Queued[] = [];
    const body = { type: "erase", company_id: box.company_id, account_id: box.id };
    for (let n = 1; n < 40; n++) {
      let calls = 0;
      const strike = () =>
        ++calls < n ? null : calls === n && n % 2 ? ("after" as const) : ("before" as const);
      await consume([{ queue: "xabar-jobs", body, attempts: 1 }], faultyEnv(strike, queue), queue);
    }
    vi.restoreAllMocks();
    const left = (await everyRow()).filter((row) => row.includes(box.id) && !row.startsWith("ems_erasures"));
    expect(left).toEqual([]);
    expect(await keysUnder(`bodies/${box.company_id}/`, `attachments/${box.company_id}/`)).toEqual([]);
  });

  it("also deletes rows written by requests that started before it", async () => {
    const client = await createClient();
    const box = await connectMailbox(client);
    await client.call("DELETE", `/accounts/${box.id}?erase=true`);
    const rowsOf = async (id: string) => (await everyRow()).filter((row) => row.includes(id));
    await waitFor(async () => {
      expect((await rowsOf(box.id)).map((row) => row.split(" ")[0]).toSorted()).toEqual([
        "ems_erasures",
        "ems_events",
      ]);
    });
    // A Worker that read the account before.
    const ctx = createContext(env, { waitUntil: () => {} });
    const from = { email: "c@out.example", name: null };
    const message = { id: "late", subject: "Late", from, to: [], date: 1_700_000_000, body: LARGE };
    const { id } = await applyMessage(ctx, box, { message, observedAt: 1, cause: "late" });
    expect(await rowsOf(id ?? "")).not.toEqual([]);
    setClock(2);
    await waitFor(async () => {
      await cron();
      expect([...(await rowsOf(box.id)), ...(await rowsOf(id ?? ""))]).toEqual([]);
    });
    expect(await keysUnder(`bodies/${box.company_id}/`)).toEqual([]);
  });

  it("ignores concurrent notifications, and stores none of their mail", async () => {
    const client = await createClient();
    const box = await connectMailbox(client);
    await db.prepare("DELETE FROM ems_accounts WHERE id = ?").bind(box.id).run();
    const subject = `Secret ${unique()}`;
    const to = [{ email: box.email_address }];
    await receiveMail({ from: { email: "c@out.example" }, to, subject, html: LARGE });
    const delivery = await eventually(async () => {
      const row = await db
        .prepare("SELECT key, state FROM ems_deliveries WHERE grant_id = ? AND type = 'message.created'")
        .bind(box.grant_id)
        .first<{ key: string; state: string }>();
      expect(row).toMatchObject({ state: "ignored", key: expect.stringMatching(/^notifications\//) });
      return row!;
    });
    setClock(2);
    await cron();
    expect(await missingOf([delivery.key])).toEqual([delivery.key]);
  });

  it("a company with every kind of row leaves none of them, and all of another's", async () => {
    const secret = `secret${unique()}`;
    const live = async () => {
      const client = await createClient();
      const [company = 0] = client.claims.companies;
      const [one, two] = [await connectMailbox(client), await connectMailbox(client)];
      await client.call("PUT", `/companies/${company}`, { name: `${secret} Ltd` });
      const mails = [
        await receiveLarge(client, one, secret),
        await receiveLarge(client, one),
        await receiveLarge(client, two),
      ];
      const [first, second] = mails as [(typeof mails)[number], (typeof mails)[number]];
      const stored = (await storedMail(one.grant_id)).find(({ id }) => id === first.provider_id);
      await notify("message.updated", { ...stored, grant_id: one.grant_id, body: `${LARGE}${secret}` });
      await removeAtProvider(one, second.provider_id);
      await expectGone(client, second.id);
      const colleague = await createClient({ companies: [company], name: secret });
      expect((await colleague.call("GET", "/me")).status).toBe(200);
      for (const by of [client, colleague]) {
        const { body } = await by.call("GET", "/inbox/");
        for (const change of ["read", "star", "archive"]) {
          await by.call("PATCH", `/inbox/${body.items[0].id}/${change}`);
        }
      }
      const form = `--x\r\nContent-Disposition: form-data; name="f"; filename="${secret}.txt"\r\n\r\na\r\n--x--`;
      const { body: uploads } = await client.call("POST", "/attachments/", form, {
        "content-type": "multipart/form-data; boundary=x",
      });
      const mail = {
        ...{ email_account_id: two.id, to: [{ email: "d@out.example" }], subject: secret, body_html: LARGE },
        attachment_ids: uploads.map(({ id }: { id: string }) => id),
      };
      const key = { "idempotency-key": crypto.randomUUID() };
      expect((await client.call("POST", "/messages/send/", mail, key)).status).toBe(200);
      expect((await client.call("POST", "/messages/send/", { ...mail, undo_seconds: 60 })).status).toBe(202);
      expect((await client.call("POST", `/messages/${first.id}/reply`, mail)).status).toBe(200);
      const passOn = { to: mail.to, body_html: secret, undo_seconds: 60 };
      expect((await client.call("POST", `/messages/${first.id}/forward`, passOn)).status).toBe(202);
      expect((await client.call("POST", "/drafts/", mail)).status).toBe(201);
      await client.call("POST", "/sse/ticket");
      // Objects left by crashed Workers, of this version and earlier ones.
      for (const prefix of ["bodies", "attachments", "drafts", "outbox", "uploads"]) {
        await env.ATTACHMENTS.put(`${prefix}/${company}/orphan`, secret);
      }
      await eventually(async () => {
        const { results } = await db
          .prepare("SELECT state FROM ems_deliveries WHERE account_id = ?")
          .bind(one.id)
          .all<{ state: string }>();
        expect(results.every(({ state }) => state === "applied")).toBe(true);
      });
      const data = { object: { grant_id: two.grant_id, name: secret } };
      const dead = queued({ id: `n${unique()}`, type: "folder.created", data }, nowSeconds());
      await parkNotification(createContext(env, execution), dead);
      const keys = await db
        .prepare(
          `SELECT key FROM ems_deliveries
         WHERE account_id IN (SELECT id FROM ems_accounts WHERE company_id = ?) AND key <> '' ORDER BY state`,
        )
        .bind(company)
        .all<{ key: string }>();
      expect(keys.results.length).toBeGreaterThan(3);
      return { client, company, boxes: [one, two], mails, notifications: keys.results.map((row) => row.key) };
    };
    const [doomed, kept] = [await live(), await live()];
    const marks = [
      ...[`"company_id":${doomed.company},`, `[${doomed.company}]`],
      ...doomed.boxes.flatMap(({ id, grant_id, email_address }) => [id, grant_id, email_address]),
      ...doomed.mails.flatMap(({ id, thread_id }) => [id, thread_id]),
    ];
    const ofDoomed = async () =>
      (await everyRow()).filter((row) => marks.some((mark) => row.includes(mark))).toSorted();
    const rowsOfKept = async () => {
      const ids = kept.boxes.map(({ id }) => id);
      return (await everyRow()).filter((row) => ids.some((id) => row.includes(id))).toSorted();
    };
    expect(new Set((await ofDoomed()).map((row) => row.split(" ")[0])).size).toBeGreaterThan(15);
    // R2 has an object's age in milliseconds, an erasure its start in seconds.
    const second = Math.floor(Date.now() / 1000);
    await waitFor(() => expect(Math.floor(Date.now() / 1000)).toBeGreaterThan(second));

    expect((await doomed.client.call("DELETE", `/companies/${doomed.company}`)).status).toBe(204);
    expect((await doomed.client.call("GET", "/accounts/")).body).toEqual([]);
    expect((await doomed.client.call("GET", "/companies/")).body).toEqual([
      { id: doomed.company, name: null },
    ]);
    await waitFor(async () => {
      const { results } = await db
        .prepare("SELECT 1 FROM ems_messages WHERE company_id = ?")
        .bind(doomed.company)
        .all();
      expect(results).toEqual([]);
    });
    for (const hours of [2, 3, 26, 28]) {
      setClock(hours);
      await cron();
    }
    await waitFor(async () => {
      await cron();
      expect(await ofDoomed()).toEqual([]);
    });
    const { company } = doomed;
    expect(await keysUnder(...OBJECTS.map((prefix) => `${prefix}${company}/`))).toEqual([]);
    const { user_id } = doomed.client.claims;
    expect(await keysUnder(`idempotency/${user_id}/`)).toEqual([]);
    expect(await missingOf(doomed.notifications)).toEqual(doomed.notifications);

    vi.useRealTimers();
    expect(await missingOf(kept.notifications)).toEqual([]);
    expect((await rowsOfKept()).length).toBeGreaterThan(40);
    const mine = await keysUnder(...OBJECTS.map((prefix) => `${prefix}${kept.company}/`));
    const needed = (await keysOfRows()).filter((key) => key.includes(`/${kept.company}/`));
    expect(mine.filter((key) => !key.endsWith("orphan"))).toEqual(needed);
    expect((await kept.client.call("GET", "/messages/")).body.items[0].body_html).toBeTruthy();
  });

  it("finds a company's events among more than one batch of them, and leaves those of others", async () => {
    const [doomed, kept] = [await createClient(), await createClient()];
    for (const client of [doomed, kept]) {
      const { company_id } = await connectMailbox(client);
      await dbOf(company_id)
        .prepare(
          `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5100)
           INSERT INTO ems_events (company_id, user_id, type, created_at)
           SELECT ?, iif(i % 2, NULL, i % 7), 'inbox.updated', 1 FROM n`,
        )
        .bind(company_id)
        .run();
    }
    const countOf = (client: Client) =>
      db
        .prepare("SELECT count(*) AS n FROM ems_events WHERE company_id = ? AND type = 'inbox.updated'")
        .bind(client.claims.companies[0])
        .first<number>("n");
    expect((await doomed.call("DELETE", `/companies/${doomed.claims.companies[0]}`)).status).toBe(204);
    await waitFor(async () => expect(await countOf(doomed)).toBe(0));
    expect(await countOf(kept)).toBe(5100);
  });
});
