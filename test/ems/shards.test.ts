import { createExecutionContext, createScheduledController, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import worker from "../../src/index.ts";
import { nowSeconds } from "../../src/lib/time.ts";
import { createBulkAccount } from "../support/bulk.ts";
import { type Client, connectMailbox, createClient, unique } from "../support/client.ts";
import { createGrant, eventually, receiveMail } from "../support/nylas.ts";
import { queued } from "../support/queued.ts";
import { openStream, type Stream } from "../support/stream.ts";

// One company in the main database, one in the second (see vitest.config.ts), and a user of both.
let first: Client;
let second: Client;
let both: Client;
let boxes: Awaited<ReturnType<typeof connectMailbox>>[];

const SECOND = 5_000_000_000;
const companyOf = ({ claims }: Client): number => claims.companies[0]!;

const receive = (nth: 0 | 1, subject: string, fields: object = {}) =>
  receiveMail({
    ...{ from: { email: "customer@out.example" }, to: [{ email: boxes[nth]!.email_address }], subject },
    ...fields,
  });

const subjectsOf = async (client: Client, query = ""): Promise<string[]> =>
  (await client.call("GET", `/messages?size=100${query}`)).body.items.map(
    (item: { subject: string }) => item.subject,
  );

beforeAll(async () => {
  first = await createClient();
  second = await createClient({ companies: [SECOND + unique()] });
  both = await createClient({ companies: [companyOf(first), companyOf(second)] });
  boxes = [await connectMailbox(first), await connectMailbox(second)];
  const attachments = [{ filename: "plan.txt", contentType: "text/plain", content: btoa("the plan") }];
  for (let n = 0; n < 6; n++) {
    await receive((n % 2) as 0 | 1, `mail ${n}`, { date: Date.UTC(2026, 0, 1 + n), attachments });
  }
  await eventually(async () => expect(await subjectsOf(both)).toHaveLength(6));
});

describe("companies in different databases", () => {
  it("cannot reach each other's rows", async () => {
    const [foreign] = (await second.call("GET", "/inbox")).body.items;
    for (const [method, path] of [
      ["GET", `/messages/${foreign.message.id}`],
      ["GET", `/threads/${foreign.message.thread_id}`],
      ["PATCH", `/inbox/${foreign.id}/read`],
      ["GET", `/accounts/${boxes[1]!.id}`],
    ] as const) {
      expect((await first.call(method, path)).status, path).toBe(404);
    }
    expect(await subjectsOf(first)).toEqual(["mail 4", "mail 2", "mail 0"]);
    expect(await subjectsOf(first, `&account_id=${boxes[1]!.id}`)).toEqual([]);
  });

  it("cannot both have one address, even by concurrent requests", async () => {
    const claim = async (client: Client, email_address: string) => {
      const grant = await createGrant(email_address);
      const body = { company_id: companyOf(client), email_address, grant_id: grant.id };
      return (await client.call("POST", "/accounts", body)).status;
    };
    expect(await claim(first, boxes[1]!.email_address.toUpperCase())).toBe(400);
    expect(await claim(second, boxes[0]!.email_address)).toBe(400);
    // A mere claim of one company does not block the other from proving the address.
    const said = `said${unique()}@demo.example`;
    for (const client of [first, second]) {
      const body = { company_id: companyOf(client), email_address: said };
      expect((await client.call("POST", "/accounts", body)).status).toBe(201);
    }
    expect([await claim(second, said), await claim(first, said)]).toEqual([201, 400]);
    const ofFirst = (await first.call("GET", "/accounts")).body;
    expect(ofFirst).toContainEqual(expect.objectContaining({ email_address: said, status: "disconnected" }));
    for (let round = 0; round < 5; round++) {
      const address = `race${unique()}@demo.example`;
      const answers = await Promise.all([claim(first, address), claim(second, address)]);
      const won = answers.filter((status) => status === 201).length;
      const { body } = await both.call("GET", "/accounts");
      const held = body.filter((account: { email_address: string }) => account.email_address === address);
      expect(won).toBeLessThanOrEqual(1);
      expect(held).toHaveLength(won);
    }
  });

  it("show a user of both one merged list", async () => {
    const wanted = ["mail 5", "mail 4", "mail 3", "mail 2", "mail 1", "mail 0"];
    expect(await subjectsOf(both)).toEqual(wanted);
    for (const path of ["/inbox", "/messages", "/threads"]) {
      const { body } = await both.call("GET", path);
      expect(body.total).toBe(6);
      const pages = await Promise.all(
        [1, 2, 3].map((page) => both.call("GET", `${path}?size=2&page=${page}`)),
      );
      expect(pages.flatMap((page) => page.body.items)).toEqual(body.items);
      const { body: one } = await both.call("GET", `${path}?size=4`);
      const { body: rest } = await both.call("GET", `${path}?size=4&cursor=${one.next_cursor}`);
      expect([...one.items, ...rest.items]).toEqual(body.items);
    }
    const accounts = (await both.call("GET", "/accounts")).body.map(({ id }: { id: string }) => id);
    expect(accounts).toEqual(expect.arrayContaining(boxes.map(({ id }) => id)));
    const counts = (await both.call("GET", "/inbox/unread-counts")).body;
    for (const { id } of boxes)
      expect(counts).toContainEqual(expect.objectContaining({ account_id: id, unread_count: 3 }));
    const deliveries = (await both.call("GET", "/webhooks/deliveries?size=100")).body.items;
    expect(new Set(deliveries.map(({ account_id }: { account_id: string }) => account_id)).size).toBe(2);
  });

  it("have their names in the database of their mail", async () => {
    for (const client of [first, second]) {
      const id = companyOf(client);
      expect((await both.call("PUT", `/companies/${id}`, { name: `Company ${id}` })).status).toBe(200);
    }
    const names = both.claims.companies.map((id) => ({ id, name: `Company ${id}` }));
    expect((await both.call("GET", "/companies")).body).toEqual(names);
    expect((await both.call("GET", `/accounts/${boxes[1]!.id}`)).body.company).toEqual(names[1]);
  });

  it("let a user of both read, star, reply and draft in either", async () => {
    const { items } = (await both.call("GET", "/inbox")).body;
    for (const item of items.slice(0, 2)) {
      const { thread_id, id } = item.message;
      expect((await both.call("PATCH", `/inbox/${item.id}/star`)).body.is_starred).toBe(true);
      expect((await both.call("PATCH", `/inbox/threads/${thread_id}/read`)).body.updated).toBe(1);
      const thread = (await both.call("GET", `/threads/${thread_id}`)).body;
      expect(thread.messages).toHaveLength(1);
      const download = await both.call(
        "GET",
        `/attachments/${thread.messages[0].attachments[0].id}/download`,
      );
      expect(download.status).toBe(200);
      const email_account_id = thread.email_account_id;
      const mail = {
        email_account_id,
        to: [{ email: "c@out.example" }],
        subject: "Re",
        body_html: "<p>Yes</p>",
      };
      expect((await both.call("POST", `/messages/${id}/reply`, mail)).body.thread_id).toBe(thread_id);
      const draft = (await both.call("POST", "/drafts", { email_account_id, subject: "Draft" })).body;
      await both.call("PATCH", `/drafts/${draft.id}`, { to: mail.to, body_html: mail.body_html });
      expect((await both.call("GET", "/drafts")).body).toMatchObject({ total: 1, items: [{ id: draft.id }] });
      expect((await both.call("POST", `/drafts/${draft.id}/send`)).status).toBe(200);
    }
    expect((await both.call("GET", "/inbox?is_read=true")).body.total).toBe(6);
    expect((await both.call("GET", "/outbox")).body.items).toHaveLength(4);
  });

  it("share a user's Idempotency-Keys", async () => {
    const headers = { "idempotency-key": `key-${unique()}` };
    const send = (nth: 0 | 1) => {
      const email_account_id = boxes[nth]!.id;
      const mail = {
        email_account_id,
        to: [{ email: "c@out.example" }],
        subject: "Once",
        body_html: "<p>1</p>",
      };
      return both.call("POST", "/messages/send", mail, headers);
    };
    const sent = await send(1);
    expect(sent.status).toBe(200);
    expect((await send(1)).body).toEqual(sent.body);
    expect((await send(0)).status).toBe(422);
  });

  it("share one stream, which resumes for both", async () => {
    const { headers } = await both.call("GET", "/inbox");
    let position = headers.get("last-event-id") ?? "";
    const receiveBoth = async (subject: string) => {
      for (const nth of [0, 1] as const) await receive(nth, subject);
      await eventually(async () => {
        const found = (await subjectsOf(both)).filter((each) => each === subject);
        expect(found).toHaveLength(2);
      });
    };
    const readBoth = async (stream: Stream) => {
      const told: number[] = [];
      while (told.length < 2) {
        const next = await stream.next();
        expect(next?.event).not.toBe("resync");
        position = next?.id ?? position;
        if (next?.event === "message.created") told.push(next.data.company_id);
      }
      expect(told.toSorted((a, b) => a - b)).toEqual(both.claims.companies);
    };
    await receiveBoth("while away");
    for (const round of ["first", "second"]) {
      const stream = await openStream(`token=${both.token}&last_event_id=${position}`);
      await readBoth(stream);
      await receiveBoth(`while there, the ${round} time`);
      await readBoth(stream);
      await stream.close();
      await receiveBoth(`while away, the ${round} time`);
    }
    const last = await openStream(`token=${both.token}&last_event_id=${position}`);
    await readBoth(last);
    await last.close();
    const { body } = await both.call("GET", `/events?since=${position}`);
    expect(body.items.filter(({ type }: { type: string }) => type === "message.created")).toEqual([]);
    const { body: none } = await both.call("GET", `/events?since=${body.position}`);
    expect(none).toEqual({ items: [], position: body.position, has_more: false });
  });

  it("get backfilled and swept mail in their own database", async () => {
    for (const nth of [0, 1] as const) await receive(nth, `never announced ${nth}`, { silent: true });
    for (const { id } of boxes) await both.call("PATCH", `/accounts/${id}`, { status: "syncing" });
    await eventually(async () => {
      expect(await subjectsOf(first)).toContain("never announced 0");
      expect(await subjectsOf(second)).toContain("never announced 1");
    });
  });

  it("send waiting mail from either, and cron covers both", async () => {
    const waiting = await Promise.all(
      boxes.map(({ id: email_account_id }) => {
        const mail = {
          email_account_id,
          to: [{ email: "c@out.example" }],
          subject: "Later",
          body_html: "<p>1</p>",
        };
        return both.call("POST", "/messages/send", { ...mail, undo_seconds: 1 });
      }),
    );
    expect(waiting.map(({ status }) => status)).toEqual([202, 202]);
    const execution = createExecutionContext();
    await worker.scheduled(createScheduledController(), env, execution);
    await waitOnExecutionContext(execution);
    for (const { body } of waiting) {
      await eventually(async () =>
        expect((await both.call("GET", `/outbox/${body.id}`)).body.state).toBe("sent"),
      );
    }
    for (const { id } of boxes) {
      await eventually(async () =>
        expect((await both.call("GET", `/accounts/${id}/sync`)).body.last_sweep_at).not.toBe(null),
      );
    }
  });

  it("keep a user's dense ranges in either", async () => {
    const { items } = (await both.call("GET", "/inbox?size=100")).body;
    for (const { id } of items) await both.call("PATCH", `/inbox/${id}/read`);
    for (const [nth, database] of [env.DB, env.DB_2].entries()) {
      const ranges = "SELECT count(*) AS n FROM ems_inbox_stretches WHERE user_id = ? AND account_id = ?";
      await eventually(async () => {
        const found = await database
          .prepare(ranges)
          .bind(both.claims.user_id, boxes[nth]!.id)
          .first<number>("n");
        expect(found).toBe(1);
      });
    }
    expect((await both.call("GET", "/inbox?is_read=false")).body).toMatchObject({ items: [], total: 0 });
    expect((await both.call("GET", "/inbox?size=100")).body.items).toHaveLength(items.length);
  });

  it("have no rows in the other's database", async () => {
    const { results: tables } = await env.DB.prepare(
      `SELECT m.name, max(c.name = 'company_id') AS byCompany, max(c.name = 'account_id') AS byAccount
       FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name LIKE 'ems_%' GROUP BY 1`,
    ).all<{ name: string; byCompany: number; byAccount: number }>();
    const held = async (database: D1Database, account: { id: string; company_id: number }) => {
      const counts = await Promise.all(
        tables.map(async ({ name, byCompany, byAccount }) => {
          if (!byCompany && !byAccount) return 0;
          const [column, value] = byCompany ? ["company_id", account.company_id] : ["account_id", account.id];
          const count = `SELECT count(*) AS n FROM ${name} WHERE ${column} = ?`;
          return (await database.prepare(count).bind(value).first<number>("n")) ?? 0;
        }),
      );
      return counts.filter((count) => count > 0).length;
    };
    for (const [nth, own] of [env.DB, env.DB_2].entries()) {
      const other = nth ? env.DB : env.DB_2;
      expect(await held(own, boxes[nth]!)).toBeGreaterThan(8);
      expect(await held(other, boxes[nth]!)).toBe(0);
    }
    const keys = await env.DB_2.prepare("SELECT count(*) AS n FROM ems_idempotency_keys").first<number>("n");
    expect(keys).toBe(0);
  });
});

it("a new database takes only new companies; older mail stays where it is", async () => {
  const account = await createBulkAccount(3);
  const client = await createClient({ companies: [account.company_id] });
  expect((await client.call("GET", "/messages")).body.total).toBe(3);
});

it("a database that is down does not stop intake in another", async () => {
  const down = async () => {
    throw new Error("The database is down");
  };
  const statement = { bind: () => statement, all: down, raw: down, run: down };
  const broken = { prepare: () => statement, batch: down } as unknown as D1Database;
  for (const [nth, dead] of ["DB_2", "DB"].entries()) {
    const { grant_id } = boxes[nth]!;
    const id = `alone-${unique()}`;
    const object = {
      id,
      grant_id,
      subject: id,
      from: [{ email: "c@out.example" }],
      date: 1,
      body: "<p>1</p>",
    };
    const notification = { id: `n-${id}`, type: "message.created", time: nowSeconds(), data: { object } };
    let retried = 0;
    const message = {
      ...{ id, timestamp: new Date(), attempts: 1, ack: () => {}, retry: () => retried++ },
      body: queued(notification, nowSeconds()),
    };
    const batch = { queue: "xabar-webhooks", messages: [message], ackAll: () => {}, retryAll: () => {} };
    const execution = createExecutionContext();
    await worker.queue(batch as never, { ...env, [dead]: broken } as never, execution);
    await waitOnExecutionContext(execution);
    expect(retried).toBe(0);
    expect(await subjectsOf(nth ? second : first)).toContain(id);
  }
});
