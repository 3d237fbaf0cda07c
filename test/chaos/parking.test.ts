import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createContext, ofCompany } from "../../src/ems/context.ts";
import { applyPage } from "../../src/ems/intake/polled.ts";
import { nowSeconds } from "../../src/lib/time.ts";
import { connectMailbox, createClient, unique } from "../support/client.ts";
import { db } from "../support/db.ts";
import { cron, keysUnder, setClock } from "../support/lifetime.ts";
import { queued } from "../support/queued.ts";
import { waitFor } from "../support/wait.ts";
import { calm, faultyEnv, type Queued, type Strike } from "./faults.ts";
import { consume, drain, execution } from "./queue.ts";

afterEach(() => {
  vi.useRealTimers();
});

/** After its last retry. */
const DEAD = 42;

const setUp = async () => {
  const client = await createClient();
  return { client, box: await connectMailbox(client) };
};

/** Fails the n-th call, once. */
function nth(n: number, moment: "before" | "after") {
  let calls = 0;
  const strike: Strike = () => (++calls === n ? moment : null);
  return { strike, struck: () => calls >= n };
}

const keysOf = async (accountId: string): Promise<string[]> => {
  const { results } = await db
    .prepare("SELECT key FROM ems_deliveries WHERE account_id = ? AND key <> ''")
    .bind(accountId)
    .all<{ key: string }>();
  return results.map(({ key }) => key).toSorted();
};

/** Deletes what no row refers to. */
async function expectOnly(keys: string[]): Promise<void> {
  setClock(25);
  await cron(faultyEnv(calm, []));
  expect(await keysUnder("notifications/")).toEqual(keys);
}

describe.each(["before", "after"] as const)("killed %s any call", (moment) => {
  it("a dead notification is parked once with its bytes, leaves nothing else in R2, and is replayed", async () => {
    const known = await keysUnder("notifications/");
    const { client, box } = await setUp();
    let tried = 0;
    for (; ; tried++) {
      const id = `n${unique()}`;
      const data = { object: { grant_id: box.grant_id, id: "Ў 😀" } };
      const body = queued({ id, type: "folder.created", data }, nowSeconds());
      const queue: Queued[] = [];
      const { strike, struck } = nth(tried + 1, moment);
      await consume([{ queue: "xabar-webhooks", body, attempts: DEAD }], faultyEnv(strike, queue), queue);
      // It comes twice.
      queue.push({ queue: "xabar-webhooks", body, attempts: DEAD });
      await drain(queue, faultyEnv(calm, queue));
      const row = await db
        .prepare("SELECT state, key FROM ems_deliveries WHERE id = ?")
        .bind(id)
        .first<{ state: string; key: string }>();
      expect(row?.state).toBe("parked");
      const object = await env.ATTACHMENTS.get(`${row?.key}`);
      expect(new Uint8Array(await object!.arrayBuffer())).toEqual(body.bytes);
      if (!struck()) break;
    }
    expect(tried).toBeGreaterThanOrEqual(5);
    const { body } = await client.call("POST", "/webhooks/deliveries/replay", {});
    expect(body).toEqual({ replayed: tried + 1 });
    await waitFor(async () => {
      const { body: ledger } = await client.call("GET", "/webhooks/deliveries?size=100");
      expect(ledger.items.every(({ state }: { state: string }) => state === "applied")).toBe(true);
    });
    const keys = await keysOf(box.id);
    expect(keys).toHaveLength(tried + 1);
    await expectOnly([...known, ...keys].toSorted());
  });

  it("an unreadable message of a page is parked once with what the page showed", async () => {
    const known = await keysUnder("notifications/");
    const { box } = await setUp();
    const home = (on: Env) => ofCompany(createContext(on, execution), box.company_id);
    let tried = 0;
    for (; ; tried++) {
      const raw = { id: `odd ${tried}`, subject: "Ў 😀" };
      const page = {
        messages: [],
        unreadable: [{ id: raw.id, raw, error: new RangeError("odd") }],
        cursor: null,
      };
      const options = { observedAt: Date.now(), isHistory: true };
      const { strike, struck } = nth(tried + 1, moment);
      const first = applyPage(home(faultyEnv(strike, [])), box, page, options);
      await first.catch(() => {});
      for (let n = 0; n < 2; n++) await applyPage(home(faultyEnv(calm, [])), box, page, options);
      const row = await db
        .prepare(
          "SELECT state, key, change FROM ems_deliveries WHERE account_id = ? AND id LIKE 'poll/%' ORDER BY rowid DESC",
        )
        .bind(box.id)
        .first<{ state: string; key: string; change: string }>();
      expect(row).toMatchObject({ state: "parked", change: `history/${raw.id}` });
      const object = await env.ATTACHMENTS.get(`${row?.key}`);
      expect(await object?.json()).toMatchObject({ polled: { message_id: raw.id }, raw });
      if (!struck()) break;
    }
    expect(tried).toBeGreaterThanOrEqual(4);
    const keys = await keysOf(box.id);
    expect(keys).toHaveLength(tried + 1);
    await expectOnly([...known, ...keys].toSorted());
  });
});

it("bytes whose account was erased before the ledger was written are deleted a day later", async () => {
  const known = await keysUnder("notifications/");
  const { client, box } = await setUp();
  const data = { object: { grant_id: box.grant_id } };
  const body = queued({ id: `n${unique()}`, type: "folder.created", data }, nowSeconds());
  const queue: Queued[] = [];
  const broken = faultyEnv((call) => (call === "D1.batch" ? "before" : null), queue);
  await consume([{ queue: "xabar-webhooks", body, attempts: DEAD }], broken, queue);
  expect(await keysUnder("notifications/")).toHaveLength(known.length + 1);
  expect((await client.call("DELETE", `/accounts/${box.id}?erase=true`)).status).toBe(204);
  await drain(queue, faultyEnv(calm, queue));
  await expectOnly(known);
});
