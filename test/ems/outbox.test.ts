import { beforeAll, describe, expect, it } from "vitest";
import type { AccountResponse } from "../../src/ems/accounts/responses.ts";
import { runOutboxJob } from "../../src/ems/sending/due.ts";
import { type Answered, type Client, connectMailbox, createClient, unique } from "../support/client.ts";
import { contextOf } from "../support/context.ts";
import { db } from "../support/db.ts";
import { cron, holdCron } from "../support/lifetime.ts";
import { breakRoute, deliverNotifications, eventually, mendRoutes, storedMail } from "../support/nylas.ts";
import { openStream } from "../support/stream.ts";

type Mailbox = AccountResponse & { grant_id: string };

let client: Client;
let account: Mailbox;
beforeAll(async () => {
  client = await createClient();
  account = await connectMailbox(client);
  // Tests let entries become due, and run their jobs themselves.
  await holdCron(account.company_id);
});

const mail = (fields: object = {}) => ({
  email_account_id: account.id,
  to: [{ name: "John Customer", email: "john@customer.example" }],
  subject: `Mail ${unique()}`,
  body_html: "<p>Thanks for reaching out!</p>",
  ...fields,
});

const send = (request: object, headers: HeadersInit = {}) =>
  client.call("POST", "/messages/send", request, headers);

const entryOf = async (id: string) => (await client.call("GET", `/outbox/${id}`)).body;

/** How many mails with this subject the provider sent. */
const countSent = async (subject: string): Promise<number> =>
  (await storedMail(account.grant_id)).filter((message) => message.subject === subject).length;

const countHere = async (subject: string): Promise<number> =>
  (await db
    .prepare("SELECT count(*) AS n FROM ems_messages WHERE subject = ?")
    .bind(subject)
    .first<number>("n")) ?? 0;

/** Ages an entry, in seconds. */
const pass = (id: string, seconds: number) =>
  db
    .prepare(
      "UPDATE ems_outbox SET created_at = created_at - ?2, send_at = send_at - ?2, tried_at = tried_at - ?2, due_at = due_at - ?2 WHERE id = ?1",
    )
    .bind(id, seconds)
    .run();

const work = (id: string) => runOutboxJob(contextOf([account.company_id]), id);

const breakSend = (kind: string, times = 1) =>
  breakRoute(`POST /v3/grants/${account.grant_id}/messages/send`, kind, times);

describe("refusals", () => {
  it.each([
    ["undo_seconds", -1],
    ["undo_seconds", 61],
    ["undo_seconds", 1.5],
    ["send_at", "2020-01-01T00:00:00Z"],
    ["send_at", "tomorrow"],
    ["send_at", "2999-01-01T00:00:00Z"],
    ["attachment_ids", ["x"]],
    ["attachment_ids", [crypto.randomUUID()]],
  ])("%s as %j is 400", async (field, value) => {
    const { status, body } = await send(mail({ [field]: value }));
    expect([status, body.detail]).toEqual([400, expect.stringMatching(new RegExp(`^${field}`))]);
  });

  it("cancelling a sent mail is 409", async () => {
    const request = mail();
    await send(request);
    const { body } = await client.call("GET", "/outbox");
    expect(body.items[0]).toMatchObject({ subject: request.subject, state: "sent" });
    const refused = await client.call("POST", `/outbox/${body.items[0].id}/cancel`);
    expect([refused.status, refused.body.detail]).toEqual([409, expect.stringContaining("it is sent")]);
  });
});

describe("the outbox", () => {
  it("lists sent mails with their messages", async () => {
    const request = mail();
    const { body } = await send(request);
    const { body: list } = await client.call("GET", "/outbox?size=1");
    expect(list.items).toEqual([
      {
        id: expect.any(String),
        state: "sent",
        company_id: account.company_id,
        email_account_id: account.id,
        user_id: client.claims.user_id,
        subject: request.subject,
        to: request.to,
        thread_id: null,
        message_id: body.id,
        send_at: expect.any(String),
        attempts: 1,
        detail: null,
        created_at: expect.any(String),
        updated_at: expect.any(String),
      },
    ]);
    expect(await entryOf(list.items[0].id)).toEqual({ ...list.items[0], mail: null });
  });

  it("pages, newest first", async () => {
    const subjects = [];
    for (let n = 0; n < 3; n++) {
      const request = mail();
      subjects.unshift(request.subject);
      await send(request);
    }
    const seen: string[] = [];
    for (let cursor: string | null = ""; cursor !== null && seen.length < 3; ) {
      const { body }: Answered<{ items: { subject: string }[]; next_cursor: string | null }> =
        await client.call("GET", `/outbox?size=2${cursor && `&cursor=${cursor}`}`);
      seen.push(...body.items.map((item: { subject: string }) => item.subject));
      cursor = body.next_cursor;
    }
    expect(seen.slice(0, 3)).toEqual(subjects);
    expect((await client.call("GET", "/outbox?cursor=x")).status).toBe(400);
  });
});

describe("a waiting mail", () => {
  it("is 202 with its entry, and is never sent once cancelled", async () => {
    const request = mail({ undo_seconds: 60 });
    const { status, body } = await send(request);
    expect([status, body.state, body.attempts]).toEqual([202, "queued", 0]);
    const cancelled = await client.call("POST", `/outbox/${body.id}/cancel`);
    expect(cancelled.body).toMatchObject({ id: body.id, state: "cancelled" });
    expect((await client.call("POST", `/outbox/${body.id}/cancel`)).status).toBe(200);
    await pass(body.id, 100);
    await work(body.id);
    expect(await countSent(request.subject)).toBe(0);
    expect((await entryOf(body.id)).state).toBe("cancelled");
  });

  it("is sent once after its undo window, with an event for its sender", async () => {
    const stream = await openStream(client.token);
    await stream.next();
    const request = mail({ undo_seconds: 1 });
    const { body } = await send(request);
    const id = await eventually(async () => {
      const entry = await entryOf(body.id);
      expect(entry.state).toBe("sent");
      return entry.message_id;
    });
    expect(await stream.next()).toMatchObject({ event: "message.created", data: { message_id: id } });
    expect(await stream.next()).toMatchObject({ event: "thread.created" });
    const { user_id } = client.claims;
    expect(await stream.next()).toMatchObject({ event: "outbox.updated", data: { message_id: id } });
    const told = await db
      .prepare("SELECT user_id FROM ems_events WHERE type = 'outbox.updated' AND message_id = ?")
      .bind(id)
      .all();
    expect(told.results).toEqual([{ user_id }]);
    for (let n = 0; n < 3; n++) await work(body.id);
    expect([await countSent(request.subject), await countHere(request.subject)]).toEqual([1, 1]);
    await stream.close();
  });

  it("is found by cron when its jobs are lost", async () => {
    const send_at = `${new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 19)}Z`;
    const request = mail({ send_at });
    const { status, body } = await send(request);
    expect([status, body.send_at]).toEqual([202, send_at]);
    await work(body.id);
    expect((await entryOf(body.id)).state).toBe("queued");
    await pass(body.id, 4 * 86_400);
    await cron();
    await eventually(async () => expect((await entryOf(body.id)).state).toBe("sent"));
    expect(await countSent(request.subject)).toBe(1);
  });

  it("waits longer at the provider's rate limit, then is sent under a new key", async () => {
    const request = mail({ undo_seconds: 60 });
    const { body } = await send(request);
    await breakSend("429-provider");
    await pass(body.id, 100);
    await work(body.id);
    expect(await entryOf(body.id)).toMatchObject({
      state: "queued",
      attempts: 1,
      detail: expect.any(String),
    });
    await pass(body.id, 4000);
    await work(body.id);
    expect(await entryOf(body.id)).toMatchObject({ state: "sent", attempts: 2, detail: null });
    expect(await countSent(request.subject)).toBe(1);
  });

  it("that claimed a thread version releases it when cancelled", async () => {
    const { body: first } = await send(mail());
    const { headers } = await client.call("GET", `/threads/${first.thread_id}`);
    const claim = { "if-match": headers.get("etag")! };
    const reply = (fields: object = {}) =>
      client.call("POST", `/messages/${first.id}/reply`, mail({ subject: "Re", ...fields }), claim);
    const { body: waiting } = await reply({ undo_seconds: 60 });
    expect((await reply()).status).toBe(409);
    await client.call("POST", `/outbox/${waiting.id}/cancel`);
    expect((await reply()).status).toBe(200);
  });
});

describe("every provider response has a defined outcome", () => {
  it.each([
    ["500", 502, "unknown"],
    ["502html", 502, "unknown"],
    ["503", 502, "unknown"],
    ["504", 502, "unknown"],
    ["504-after", 502, "unknown"],
    ["cut-body", 502, "unknown"],
  ])("%s: %i and %s; a job resolves it, and one mail exists", async (kind, wanted, state) => {
    const request = mail();
    await breakSend(kind);
    const { status, body } = await send(request);
    expect(status).toBe(wanted);
    expect(body.detail).toContain("It is not known whether the mail was sent");
    expect(await entryOf(body.outbox_id)).toMatchObject({
      state,
      subject: request.subject,
      detail: expect.any(String),
    });
    await pass(body.outbox_id, 10);
    await work(body.outbox_id);
    const entry = await entryOf(body.outbox_id);
    expect(entry).toMatchObject({ state: "sent", detail: null });
    await deliverNotifications();
    expect([await countSent(request.subject), await countHere(request.subject)]).toEqual([1, 1]);
    const { body: message } = await client.call("GET", `/messages/${entry.message_id}`);
    expect(message).toMatchObject({ subject: request.subject, direction: "outbound" });
  });

  it.each([
    ["429", 502],
    ["429-provider", 502],
    ["401", 409],
  ])("%s: %i and failed; nothing was sent", async (kind, wanted) => {
    const request = mail();
    await breakSend(kind);
    const { status, headers, body } = await send(request);
    expect(status).toBe(wanted);
    // Only the provider's rate limit sets Retry-After.
    expect(headers.get("retry-after") !== null).toBe(kind === "429-provider");
    expect(await entryOf(body.outbox_id)).toMatchObject({ state: "failed", detail: expect.any(String) });
    await work(body.outbox_id);
    expect([await countSent(request.subject), await countHere(request.subject)]).toEqual([0, 0]);
  });

  it("a rate limit during an unknown outcome proves nothing", async () => {
    const request = mail();
    await breakSend("504-after");
    const { body } = await send(request);
    for (const kind of ["429", "401", "503"]) {
      await breakSend(kind);
      await pass(body.outbox_id, 1000);
      await work(body.outbox_id);
      expect((await entryOf(body.outbox_id)).state).toBe("unknown");
      await mendRoutes();
    }
    await work(body.outbox_id);
    expect((await entryOf(body.outbox_id)).state).toBe("sent");
    expect(await countSent(request.subject)).toBe(1);
  });

  it("after the key's hour the mail is searched for, and found", async () => {
    const request = mail();
    await breakSend("504-after");
    const { body } = await send(request);
    await pass(body.outbox_id, 5000);
    await work(body.outbox_id);
    expect(await entryOf(body.outbox_id)).toMatchObject({ state: "sent", message_id: expect.any(String) });
    expect([await countSent(request.subject), await countHere(request.subject)]).toEqual([1, 1]);
  });

  it("after the hour a mail that is not found stays unknown, and is never sent again", async () => {
    const request = mail();
    await breakSend("504");
    const { body } = await send(request);
    for (const seconds of [5000, 20_000, 40_000, 30_000]) {
      await pass(body.outbox_id, seconds);
      await work(body.outbox_id);
      expect((await entryOf(body.outbox_id)).state).toBe("unknown");
    }
    const detail = expect.stringContaining("look before you send it again");
    expect(await entryOf(body.outbox_id)).toMatchObject({ state: "unknown", detail });
    expect(await countSent(request.subject)).toBe(0);
    const due = await db
      .prepare("SELECT due_at FROM ems_outbox WHERE id = ?")
      .bind(body.outbox_id)
      .first("due_at");
    expect(due).toBeNull();
  });

  it("its own notification resolves an unknown mail at once", async () => {
    const request = mail();
    await breakSend("504-after");
    const { body } = await send(request);
    await eventually(async () => expect((await entryOf(body.outbox_id)).state).toBe("sent"));
    expect([await countSent(request.subject), await countHere(request.subject)]).toEqual([1, 1]);
  });
});

describe("under an Idempotency-Key", () => {
  it("a repeated request resolves an unknown outcome or retries a failure: one mail", async () => {
    for (const kind of ["504", "504-after", "429", "401"]) {
      const request = mail();
      const key = { "idempotency-key": crypto.randomUUID() };
      await breakSend(kind);
      expect((await send(request, key)).status).toBeGreaterThanOrEqual(400);
      await mendRoutes();
      const { status, body } = await send(request, key);
      expect([kind, status, body.subject]).toEqual([kind, 200, request.subject]);
      expect((await send(request, key)).body.id).toBe(body.id);
      expect([await countSent(request.subject), await countHere(request.subject)]).toEqual([1, 1]);
    }
  });

  it("a waiting mail is the same entry; without a key a repeated request is a second mail", async () => {
    const request = mail({ undo_seconds: 60 });
    const key = { "idempotency-key": crypto.randomUUID() };
    const [first, second] = [await send(request, key), await send(request, key)];
    expect([second.status, second.body.id]).toEqual([202, first.body.id]);
    expect((await send(request)).body.id).not.toBe(first.body.id);
  });

  it("a reply that finds the key taken releases its thread version", async () => {
    const { body: original } = await send(mail());
    const { body: thread } = await client.call("GET", `/threads/${original.thread_id}`);
    const key = crypto.randomUUID();
    // The entry belongs to a company outside the token: it is not found, but its key is taken.
    await db
      .prepare(
        `INSERT INTO ems_outbox (id, company_id, account_id, user_id, state, provider_key, idempotency_key, mail_digest,
        subject, to_addresses, send_at, created_at, updated_at)
      VALUES (?1, ?2, 'a', ?3, 'sent', ?1, ?1, 'd', 's', '[]', unixepoch(), unixepoch(), unixepoch())`,
      )
      .bind(key, unique(), client.claims.user_id)
      .run();
    const seen = { "if-match": `"${thread.version}"` };
    const reply = (headers: object) =>
      client.call("POST", `/messages/${original.id}/reply`, mail(), { ...seen, ...headers });
    const { status, body } = await reply({ "idempotency-key": key });
    expect([status, body.detail]).toEqual([409, "Another request is sending this mail now"]);
    expect((await reply({})).status).toBe(200);
  });
});
