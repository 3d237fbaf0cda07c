import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { app } from "../../src/app.ts";
import { hmacHex } from "../../src/lib/hmac.ts";
import { connectMailbox, createClient, unique } from "../support/client.ts";
import { db } from "../support/db.ts";
import { calm, faultyEnv, type Queued, type Strike } from "./faults.ts";
import { consume, drain, execution } from "./queue.ts";

/** Fails the n-th call, once. */
function nth(n: number, moment: "before" | "after"): { strike: Strike; struck: () => string | null } {
  let calls = 0;
  let struck: string | null = null;
  const strike: Strike = (call) => {
    calls++;
    if (calls !== n) return null;
    struck = call;
    return moment;
  };
  return { strike, struck: () => struck };
}

async function notification(grant_id: string, id: string, extra: object): Promise<Request> {
  const body = JSON.stringify({
    id: `n-${id}`,
    type: "message.created",
    time: Math.floor(Date.now() / 1000),
    data: {
      object: {
        id: `m-${id}`,
        grant_id,
        thread_id: `t-${id}`,
        subject: id,
        from: [{ email: "c@out.example" }],
        to: [{ email: "box@demo.example" }],
        cc: [],
        bcc: [],
        date: 1_700_000_000,
        body: "<p>Hello</p>",
        attachments: [],
        ...extra,
      },
    },
  });
  const headers = { "x-nylas-signature": await hmacHex(env.NYLAS_WEBHOOK_SECRET, body) };
  return new Request("https://xabar.test/webhooks/nylas", { method: "POST", headers, body });
}

const large = { body: `<p>${"x".repeat(200_000)}</p>` };
const reply = {
  headers: [
    { name: "Message-ID", value: "<reply@out.example>" },
    { name: "References", value: "<a@out.example> <b@out.example>" },
  ],
};

describe.each([
  ["a small mail", {}],
  ["a mail that goes by way of R2", large],
  ["a reply with its headers", reply],
])("%s", (_name, extra) => {
  it.each(["before", "after"] as const)(
    "killed %s any call and delivered again, is stored once",
    async (moment) => {
      const client = await createClient();
      const account = await connectMailbox(client);
      const tried: string[] = [];
      for (let n = 1; ; n++) {
        const id = String(unique());
        const queue: Queued[] = [];
        const { strike, struck } = nth(n, moment);
        const broken = faultyEnv(strike, queue);
        const whole = faultyEnv(calm, queue);
        const first = await app.fetch(await notification(account.grant_id, id, extra), broken, execution);
        // Nylas retries after a 503, and never after a 500.
        expect([200, 503]).toContain(first.status);
        if (first.status !== 200) {
          expect(
            (await app.fetch(await notification(account.grant_id, id, extra), whole, execution)).status,
          ).toBe(200);
        }
        while (queue.length && struck() === null) await consume(queue.splice(0, 1), broken, queue);
        await drain(queue, whole);

        const { results } = await db
          .prepare(
            "SELECT m.id, t.message_count FROM ems_messages m JOIN ems_threads t ON t.id = m.thread_id WHERE m.subject = ?",
          )
          .bind(id)
          .all<{ id: string; message_count: number }>();
        expect(results, `${struck()} ${moment}`).toEqual([{ id: expect.any(String), message_count: 1 }]);
        const events = await db
          .prepare("SELECT type FROM ems_events WHERE message_id = ? ORDER BY id")
          .bind(results[0]?.id)
          .all<{ type: string }>();
        expect(events.results.map(({ type }) => type)).toEqual(["message.created", "thread.created"]);
        const delivery = await db
          .prepare("SELECT state FROM ems_deliveries WHERE id = ?")
          .bind(`n-${id}`)
          .first("state");
        expect(delivery).toBe("applied");
        const call = struck();
        if (call === null) break; // every call has failed once
        tried.push(call);
      }
      expect(tried.length).toBeGreaterThan(5);
      const counts = await db
        .prepare("SELECT message_count, thread_count FROM ems_accounts WHERE id = ?")
        .bind(account.id)
        .first();
      expect(counts).toEqual({ message_count: tried.length + 1, thread_count: tried.length + 1 });
    },
  );
});
