import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { app } from "../../src/app.ts";
import type { AccountResponse } from "../../src/ems/accounts/responses.ts";
import { enqueueDue } from "../../src/ems/sending/due.ts";
import { type Client, connectMailbox, createClient, unique } from "../support/client.ts";
import { contextOf } from "../support/context.ts";
import { db } from "../support/db.ts";
import { silenceLog } from "../support/log-check.ts";
import { breakRoute, deliverNotifications, mendRoutes, storedMail } from "../support/nylas.ts";
import { calm, faultyEnv, type Queued, type Strike } from "./faults.ts";
import { consume, execution } from "./queue.ts";

let client: Client;
let colleague: Client;
let account: AccountResponse & { grant_id: string };
beforeAll(async () => {
  client = await createClient();
  colleague = await createClient({ companies: client.claims.companies });
});
beforeEach(async () => {
  // A mailbox of its own: the stand-in tells all that lies in one, each time that it is asked.
  account = await connectMailbox(client);
});

/** The Worker dies at its n-th call of a binding, before or after the call's effect. Later calls never run. */
function dieAt(n: number, moment: "before" | "after"): { strike: Strike; died: () => boolean } {
  let calls = 0;
  const strike: Strike = () => {
    calls++;
    if (calls < n) return null;
    return calls === n ? moment : "before";
  };
  return { strike, died: () => calls >= n };
}

async function send(subject: string, on: Env, fields: object, key?: string): Promise<Response> {
  const headers = {
    authorization: `Bearer ${client.token}`,
    "content-type": "application/json",
    ...(key ? { "idempotency-key": key } : {}),
  };
  const to = [{ email: "john@customer.example" }];
  const body = JSON.stringify({
    email_account_id: account.id,
    to,
    subject,
    body_html: "<p>Hi</p>",
    ...fields,
  });
  const request = new Request("https://xabar.test/messages/send", { method: "POST", headers, body });
  return app.fetch(request, on, execution);
}

/** Creates a draft on a Worker without faults. @returns its id */
async function draft(subject: string, fields: object): Promise<string> {
  const to = [{ email: "john@customer.example" }];
  const written = { email_account_id: account.id, to, subject, body_html: "<p>Hi</p>", ...fields };
  return (await client.call("POST", "/drafts", written)).body.id;
}

/** Sends a draft, or changes it. */
async function work(by: Client, id: string, on: Env, change?: object): Promise<{ status: number }> {
  const headers = { authorization: `Bearer ${by.token}`, "content-type": "application/json" };
  const request = change
    ? new Request(`https://xabar.test/drafts/${id}`, {
        method: "PATCH",
        headers,
        body: JSON.stringify(change),
      })
    : new Request(`https://xabar.test/drafts/${id}/send`, { method: "POST", headers, body: "{}" });
  const { status, body } = await app.fetch(request, on, execution);
  await body?.cancel();
  return { status };
}

/** Ages a mail, and the claim of its draft, in seconds. */
async function pass(subject: string, seconds: number): Promise<void> {
  await db
    .prepare("UPDATE ems_drafts SET claimed_until = claimed_until - ? WHERE claim IS NOT NULL")
    .bind(seconds)
    .run();
  await db
    .prepare(
      `UPDATE ems_outbox SET created_at = created_at - ?2, send_at = send_at - ?2, due_at = due_at - ?2,
      tried_at = tried_at - ?2 WHERE subject = ?1`,
    )
    .bind(subject, seconds)
    .run();
  await db
    .prepare("UPDATE ems_idempotency_keys SET created_at = created_at - ? WHERE user_id = ?")
    .bind(seconds, client.claims.user_id)
    .run();
}

/** Runs each queued job once. A job that must wait enqueues itself again; delays are ignored here. */
async function runOutboxJobce(queue: Queued[], on: Env): Promise<void> {
  for (const job of queue.splice(0)) await consume([job], on, queue);
}

/** An hour without faults: leases expire, cron and jobs run. */
async function recover(subject: string, queue: Queued[], whole: Env): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await pass(subject, 600);
    await enqueueDue(contextOf(client.claims.companies, whole)); // as cron does
    await runOutboxJobce(queue, whole);
    await deliverNotifications();
  }
}

const statesOf = async (subject: string): Promise<string[]> => {
  const { results } = await db
    .prepare("SELECT state FROM ems_outbox WHERE subject = ?")
    .bind(subject)
    .all<{ state: string }>();
  return results.map(({ state }) => state);
};

/** A mail at the provider, in the database and in the outbox. */
async function countOf(subject: string): Promise<{ mails: number; here: number; states: string[] }> {
  const stored = await storedMail(account.grant_id);
  const here = await db
    .prepare("SELECT count(*) AS n FROM ems_messages WHERE subject = ?")
    .bind(subject)
    .first<number>("n");
  return {
    mails: stored.filter((message) => message.subject === subject).length,
    here: here ?? 0,
    states: await statesOf(subject),
  };
}

const isThere = async (id: string): Promise<boolean> =>
  (await client.call("GET", `/drafts/${id}`)).status === 200;

const large = { body_html: `<p>${"x".repeat(100_000)}</p>` };
const counts = { crashes: 0, sent: 0, failed: 0, never: 0 };

describe.each([
  ["a sound provider", null, {}],
  ["a provider that says 504 before it sends", "504", {}],
  ["a provider that says 504 after it has sent", "504-after", {}],
  ["a provider at its limit", "429", {}],
  ["a mail that lies in R2", null, large],
  ["a mail that waits", null, { undo_seconds: 1 }],
])("with %s", (_name, kind, fields) => {
  it.each(["before", "after"] as const)(
    "a Worker that dies %s any call sends no mail twice, and none without a record",
    async (moment) => {
      silenceLog();
      for (let n = 1; ; n++) {
        const subject = `Mail ${unique()}`;
        const queue: Queued[] = [];
        const { strike, died } = dieAt(n, moment);
        if (kind) await breakRoute(`POST /v3/grants/${account.grant_id}/messages/send`, kind);
        const answer = await send(subject, faultyEnv(strike, queue), fields);
        await mendRoutes();
        if (n % 2) await deliverNotifications(); // sometimes its notification arrives first
        await recover(subject, queue, faultyEnv(calm, queue));

        const mails = (await storedMail(account.grant_id)).filter((message) => message.subject === subject);
        const here = await db
          .prepare("SELECT count(*) AS n FROM ems_messages WHERE subject = ?")
          .bind(subject)
          .first<number>("n");
        const states = await statesOf(subject);
        const told = { n, states, mails: mails.length, here };
        const [state] = states;
        if (state === "sent") expect(told).toEqual({ n, states: ["sent"], mails: 1, here: 1 });
        else expect(told).toEqual({ n, states: state ? ["failed"] : [], mails: 0, here: 0 });
        if (answer.status === 200) expect(state).toBe("sent");
        counts.crashes++;
        counts[state === "sent" ? "sent" : state ? "failed" : "never"]++;
        if (!died()) break;
      }
      vi.restoreAllMocks();
    },
  );
});

describe.each([
  ["a sound provider", null, {}],
  ["a provider that says 504 before it sends", "504", {}],
  ["a provider that says 504 after it has sent", "504-after", {}],
  ["a provider at its limit", "429", {}],
  ["a draft that lies in R2", null, large],
])("a draft, with %s", (_name, kind, fields) => {
  it.each(["before", "after"] as const)(
    "whose sender dies %s any call is sent once when a colleague sends it again",
    async (moment) => {
      silenceLog();
      for (let n = 1; ; n++) {
        const subject = `Draft ${unique()}`;
        const id = await draft(subject, fields);
        const queue: Queued[] = [];
        const whole = faultyEnv(calm, queue);
        const { strike, died } = dieAt(n, moment);
        if (kind) await breakRoute(`POST /v3/grants/${account.grant_id}/messages/send`, kind);
        await work(client, id, faultyEnv(strike, queue));
        await mendRoutes();
        if (n % 2) await deliverNotifications();
        // Either the colleague or the job is first.
        const early = await work(colleague, id, whole);
        expect([200, 404, 409, 502]).toContain(early.status);
        await pass(subject, 700);
        if (n % 3 === 0) await runOutboxJobce(queue, whole);
        await work(colleague, id, whole);
        await recover(subject, queue, whole);
        const { states, ...counts } = await countOf(subject);
        const sent = states.filter((state) => state === "sent");
        const told = { n, ...counts, sent, isThere: await isThere(id) };
        expect(told).toEqual({ n, mails: 1, here: 1, sent: ["sent"], isThere: false });
        if (!died()) break;
      }
      vi.restoreAllMocks();
    },
  );
});

it("is covered at each await", () => {
  console.log("crashes while sending:", JSON.stringify(counts));
  expect(counts.crashes).toBeGreaterThan(60);
  expect(counts.sent).toBeGreaterThan(20);
});

const KINDS = [
  "500",
  "502html",
  "503",
  "504",
  "504-after",
  "cut-body",
  "429",
  "429-provider",
  "401",
] as const;

/** One try of a user: the provider's response, and when the Worker dies. */
const tries = fc.array(
  fc.record({
    kinds: fc.array(fc.constantFrom(...KINDS), { maxLength: 2 }),
    dies: fc.option(
      fc.record({ at: fc.integer({ min: 1, max: 25 }), moment: fc.constantFrom("before", "after") }),
    ),
    /**
     * Seconds until the next try. In all less than the two hours of the mailbox search, because the stand-in's
     * clock does not move.
     */
    minutes: fc.constantFrom(0, 1, 5, 20),
    jobs: fc.boolean(),
  }),
  { minLength: 1, maxLength: 4 },
);

it("any provider response, crash and number of retries sends one mail or none", async () => {
  silenceLog();
  const ends: Record<string, number> = {};
  const property = fc.asyncProperty(tries, fc.boolean(), async (steps, waits) => {
    const subject = `Mail ${unique()}`;
    const key = crypto.randomUUID();
    const queue: Queued[] = [];
    const whole = faultyEnv(calm, queue);
    for (const { kinds, dies, minutes, jobs } of steps) {
      for (const kind of kinds) await breakRoute(`POST /v3/grants/${account.grant_id}/messages/send`, kind);
      const env = dies ? faultyEnv(dieAt(dies.at, dies.moment as "before").strike, queue) : whole;
      await send(subject, env, waits ? { undo_seconds: 30 } : {}, key);
      await mendRoutes();
      await pass(subject, minutes * 60);
      if (jobs) await runOutboxJobce(queue, whole);
    }
    await recover(subject, queue, whole);
    const mails = (await storedMail(account.grant_id)).filter((message) => message.subject === subject);
    const here = await db
      .prepare("SELECT count(*) AS n FROM ems_messages WHERE subject = ?")
      .bind(subject)
      .first<number>("n");
    const states = await statesOf(subject);
    const [state = "never"] = states;
    ends[state] = (ends[state] ?? 0) + 1;
    expect(states.length).toBeLessThanOrEqual(1);
    const told = { state, mails: mails.length, here };
    if (state === "sent") expect(told).toEqual({ state, mails: 1, here: 1 });
    else if (state === "unknown")
      expect(mails.length).toBe(0); // the mailbox was searched
    else expect(told).toEqual({ state: expect.stringMatching(/^(failed|never)$/), mails: 0, here: 0 });
  });
  await fc.assert(property, { numRuns: 40, endOnFailure: true, seed: env.TEST_CHAOS.seed });
  vi.restoreAllMocks();
  console.log("tries of sending:", JSON.stringify(ends));
  expect(ends.sent).toBeGreaterThan(15);
});

/** The actions of two colleagues on one draft. */
const doings = fc.array(
  fc.record({
    byColleague: fc.boolean(),
    edits: fc.boolean(),
    kinds: fc.array(fc.constantFrom(...KINDS), { maxLength: 2 }),
    dies: fc.option(
      fc.record({ at: fc.integer({ min: 1, max: 25 }), moment: fc.constantFrom("before", "after") }),
    ),
    minutes: fc.constantFrom(0, 1, 5, 12),
    jobs: fc.boolean(),
  }),
  { minLength: 1, maxLength: 5 },
);

it("any actions of two colleagues on a draft, with any crash, send one mail or none", async () => {
  silenceLog();
  const ends = { sent: 0, unsent: 0, refused: 0 };
  const property = fc.asyncProperty(doings, async (steps) => {
    const subject = `Draft ${unique()}`;
    const id = await draft(subject, {});
    const queue: Queued[] = [];
    const whole = faultyEnv(calm, queue);
    let succeeded = 0;
    for (const [nth, { byColleague, edits, kinds, dies, minutes, jobs }] of steps.entries()) {
      for (const kind of kinds) await breakRoute(`POST /v3/grants/${account.grant_id}/messages/send`, kind);
      const on = dies ? faultyEnv(dieAt(dies.at, dies.moment as "before").strike, queue) : whole;
      const change = edits ? { body_html: `<p>${nth}</p>` } : undefined;
      const { status } = await work(byColleague ? colleague : client, id, on, change);
      await mendRoutes();
      if (!edits && status === 200) succeeded++;
      await pass(subject, minutes * 60);
      if (jobs) await runOutboxJobce(queue, whole);
    }
    await recover(subject, queue, whole);
    await pass(subject, 700);
    const before = await countOf(subject);
    expect(before.mails).toBe(before.states.filter((state) => state === "sent").length);
    expect(before.mails).toBe(before.here);
    if (succeeded) expect(before.mails).toBe(1);
    // A final send either sends the mail, or reports that it was sent.
    const { status } = await work(colleague, id, whole);
    const { mails, here } = await countOf(subject);
    expect({ mails, here }).toEqual({ mails: Math.max(before.mails, Number(status === 200)), here: mails });
    expect(mails).toBeLessThanOrEqual(1);
    if (before.mails) expect([404, 409]).toContain(status);
    ends[mails === 0 ? "unsent" : before.mails ? "refused" : "sent"]++;
  });
  await fc.assert(property, { numRuns: 40, endOnFailure: true, seed: env.TEST_CHAOS.seed });
  vi.restoreAllMocks();
  console.log("tries of a draft:", JSON.stringify(ends));
  expect(ends.sent + ends.refused).toBeGreaterThan(20);
});
