import { env } from "cloudflare:workers";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { app } from "../../src/app.ts";
import { replayDue } from "../../src/ems/intake/ledger.ts";
import { readRecalled, recall, summarize } from "../../src/ems/intake/recall.ts";
import type { Change } from "../../src/ems/provider/changes.ts";
import { nowSeconds } from "../../src/lib/time.ts";
import { calm, faultyEnv, type Queued, type Strike } from "../chaos/faults.ts";
import { consume, drain, execution } from "../chaos/queue.ts";
import { type Client, connectMailbox, createClient, unique } from "../support/client.ts";
import { contextOf } from "../support/context.ts";
import { db } from "../support/db.ts";
import { silenceLog } from "../support/log-check.ts";
import { queued } from "../support/queued.ts";

beforeAll(() => {
  silenceLog();
});
afterAll(() => {
  vi.restoreAllMocks();
});

const id = fc.string({ minLength: 1, unit: "binary" });

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant("message_deleted" as const), messageId: id }),
  fc.tuple(id, fc.boolean()).map(([messageId, isHistory]) => ({
    ...{ kind: "message" as const, message: { id: messageId }, isHistory },
    ...{ isPartial: true, isPresentable: false },
  })),
  fc.record({
    kind: fc.constantFrom(
      ...(["folders_changed", "grant_expired", "grant_deleted", "grant_renewed"] as const),
      ...(["grant_changed", "grant_synced"] as const),
    ),
  }),
);

it("what the ledger keeps of a change is read as the same change, whatever its ids", () => {
  fc.assert(
    fc.property(change, id, fc.option(fc.integer({ min: 0, max: 4e9 })), (told, name, occurred_at) => {
      const row = {
        id: name,
        type: "any",
        grant_id: name,
        occurred_at,
        received_at: 7,
        change: summarize(told),
      };
      const bytes = recall(row);
      const push = readRecalled(JSON.parse(new TextDecoder().decode(bytes!)));
      expect(push).toMatchObject({ id: name, type: "any", grant_id: name, occurred_at, change: told });
      const seconds = Math.floor(push!.observed_at / 1000);
      if (told.kind !== "message") expect(seconds).toBe(occurred_at ?? 7);
      else expect(nowSeconds() - seconds).toBeLessThan(10);
    }),
  );
});

type Step = "deliver" | "fail" | "die" | "replay one" | "replay parked" | "cron";
const moves = fc.array(
  fc.record({
    step: fc.constantFrom<Step>("deliver", "fail", "die", "replay one", "replay parked", "cron"),
    /** Which call of the step fails; 0 for none. */
    struck: fc.nat(6),
    moment: fc.constantFrom("before", "after"),
  }),
  { minLength: 1, maxLength: 12 },
);

it("however it fails, is parked and replayed, a notification is never lost, and never parked without bytes", async () => {
  const client: Client = await createClient();
  const box = await connectMailbox(client);
  await fc.assert(
    fc.asyncProperty(moves, async (list) => {
      const name = `n${unique()}`;
      const object = { grant_id: box.grant_id, message_id: "m", message_data: { count: 1 } };
      // It can be applied only from its bytes.
      const body = queued({ id: name, type: "message.opened", data: { object } }, nowSeconds() - 1000);
      const queue: Queued[] = [{ queue: "xabar-webhooks", body, attempts: 1 }];
      const rowOf = () =>
        db
          .prepare("SELECT state, key FROM ems_deliveries WHERE id = ?")
          .bind(name)
          .first<{ state: string; key: string }>();
      for (const { step, struck, moment } of list) {
        let calls = 0;
        const strike: Strike = (call) => {
          if (step === "fail" && call === "D1.batch") return "before";
          return ++calls === struck ? moment : null;
        };
        await take(step, faultyEnv(strike, queue), queue, name, client);
        const row = await rowOf();
        const isWaiting = queue.length > 0 || row?.state === "parked";
        expect(isWaiting || row?.state === "applied", `${step} left ${JSON.stringify(row)}`).toBe(true);
        if (row?.state !== "parked") continue;
        const object = await env.ATTACHMENTS.get(row.key);
        expect(new Uint8Array(await object!.arrayBuffer())).toEqual(body.bytes);
      }
      const whole = faultyEnv(calm, queue);
      await drain(queue, whole);
      if ((await rowOf())?.state === "parked") await take("replay parked", whole, queue, name, client);
      await drain(queue, whole);
      expect((await rowOf())?.state).toBe("applied");
    }),
    { numRuns: 40 },
  );
});

async function take(step: Step, on: Env, queue: Queued[], name: string, client: Client): Promise<void> {
  const post = async (path: string, body: object) => {
    const headers = { authorization: `Bearer ${client.token}`, "content-type": "application/json" };
    const request = { method: "POST", headers, body: JSON.stringify(body) };
    await (await app.fetch(new Request(`https://xabar.test${path}`, request), on, execution)).text();
  };
  switch (step) {
    case "replay one":
      return post(`/webhooks/deliveries/${name}/replay`, {});
    case "replay parked":
      return post("/webhooks/deliveries/replay", {});
    case "cron":
      await db
        .prepare("UPDATE ems_deliveries SET retry_at = 0 WHERE retry_at > 0 AND id = ?")
        .bind(name)
        .run();
      return replayDue(contextOf(client.claims.companies, on)).catch(() => {});
    default: {
      const next = queue.splice(0, 1).map((each) => (step === "die" ? { ...each, attempts: 42 } : each));
      await consume(next, on, queue);
    }
  }
}
