import { evictDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import * as fc from "fast-check";
import { expect, it, vi } from "vitest";
import { app } from "../../src/app.ts";
import { hmacHex } from "../../src/lib/hmac.ts";
import { createBulkAccount, setGrant } from "../support/bulk.ts";
import { createClient, unique } from "../support/client.ts";
import { db } from "../support/db.ts";
import { hubOf } from "../support/hub.ts";
import { silenceLog } from "../support/log-check.ts";
import { faultyEnv } from "./faults.ts";
import { execution } from "./queue.ts";
import { Viewer } from "./viewer.ts";

interface Box {
  company_id: number;
  grant_id: string;
  /** Provider ids of delivered and pending mails, and their notifications. */
  mails: string[];
  told: Map<string, object>;
}

async function createBox(): Promise<Box> {
  const account = await createBulkAccount(1);
  const grant_id = `grant-${account.id}`;
  await setGrant(account, grant_id);
  return { company_id: account.company_id, grant_id, mails: ["bulk-0"], told: new Map() };
}

let clock = 1_800_000_000;

interface Notification {
  id: string;
  body: string;
}

const notification = (type: string, object: object): Notification => {
  const id = `n-${unique()}`;
  return { id, body: JSON.stringify({ id, type, time: clock++, data: { object } }) };
};

/** A mail that may merge two threads. */
function mailTo({ grant_id, mails, told }: Box, answers: number[]): Notification {
  const id = `m-${unique()}`;
  const references = answers.map((n) => `<${mails[n % mails.length]}@out.example>`).join(" ");
  mails.push(id);
  told.set(id, {
    id,
    grant_id,
    thread_id: `t-${id}`,
    subject: id,
    from: [{ email: "c@out.example" }],
    to: [{ email: "box@demo.example" }],
    ...{ cc: [], bcc: [], attachments: [], date: clock, body: "<p>Hello</p>" },
    headers: [
      { name: "Message-ID", value: `<${id}@out.example>` },
      ...(references ? [{ name: "References", value: references }] : []),
    ],
  });
  return notification("message.created", told.get(id) ?? {});
}

async function deliver({ body }: Notification): Promise<void> {
  const headers = { "x-nylas-signature": await hmacHex(env.NYLAS_WEBHOOK_SECRET, body) };
  const request = new Request("https://xabar.test/webhooks/nylas", { method: "POST", headers, body });
  expect((await exports.default.fetch(request)).status).toBe(200);
}

async function expectApplied(sent: Notification[]): Promise<void> {
  const ids = sent.map(({ id }) => id);
  const states = async () => {
    const { results } = await db
      .prepare("SELECT id, state, error FROM ems_deliveries WHERE id IN (SELECT value FROM json_each(?))")
      .bind(JSON.stringify(ids))
      .all<{ id: string; state: string }>();
    const applied = new Set(results.flatMap(({ id, state }) => (state === "applied" ? [id] : [])));
    const others = results.filter(({ id }) => !applied.has(id));
    return [...others, ...ids.filter((id) => !results.some((row) => row.id === id))];
  };
  await expect.poll(states).toEqual([]);
}

/** A hub that hibernates is left alone. */
const evict = ({ company_id }: Box, webSockets: "close" | "hibernate"): Promise<void> =>
  evictDurableObject(hubOf(company_id), { webSockets }).catch((error) => {
    if (!String(error).includes("not currently running")) throw error;
  });

const number = fc.nat(1000);
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("mail"),
      box: number,
      answers: fc.array(number, { maxLength: 3 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant("deliver"), which: fc.array(number, { maxLength: 6 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("update"), box: number, mail: number }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete"), box: number, mail: number }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("touch"), viewer: number, item: number, change: number }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("cut"), viewer: number }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("move"), viewer: number, to: number }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart"), box: number }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("sleep"), box: number }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("die"), box: number }) },
);

type Step = { do: string; [key: string]: number | number[] | string };

class World {
  readonly #viewers: Viewer[] = [];
  readonly #boxes: Box[] = [];
  readonly #waiting: Notification[] = [];
  readonly #sent: Notification[] = [];

  static async create(): Promise<World> {
    const world = new World();
    world.#boxes.push(await createBox(), await createBox());
    for (const companies of world.#memberships) world.#viewers.push(await Viewer.open(companies));
    return world;
  }

  async take(step: Step): Promise<void> {
    const pick = <T>(list: T[], n: unknown): T => list[Number(n) % list.length]!;
    const box = pick(this.#boxes, step.box ?? 0);
    const viewer = pick(this.#viewers, step.viewer ?? 0);
    if (step.do === "mail") this.#waiting.push(mailTo(box, step.answers as number[]));
    if (step.do === "update" && box.told.size) {
      const changed = { ...pick([...box.told.values()], step.mail), cc: [{ email: `${clock}@out.example` }] };
      this.#waiting.push(notification("message.updated", changed));
    }
    if (step.do === "delete") {
      const id = pick(box.mails, step.mail);
      this.#waiting.push(notification("message.deleted", { id, grant_id: box.grant_id, object: "message" }));
    }
    if (step.do === "deliver" && this.#waiting.length) {
      // In any order, some twice.
      await Promise.all((step.which as number[]).map((n) => this.#deliver(pick(this.#waiting, n))));
    }
    if (step.do === "touch") await this.#touch(viewer, Number(step.item), Number(step.change));
    if (step.do === "cut") viewer.cut();
    if (step.do === "move") await viewer.changeCompanies(pick(this.#memberships, step.to));
    if (step.do === "restart") await evict(box, "close");
    if (step.do === "sleep") await evict(box, "hibernate");
    if (step.do === "die") await this.#changeAndDie(box);
  }

  /** Delivers the rest. Then each viewer must see everything. */
  async expectTruth(): Promise<void> {
    for (const one of this.#waiting) await this.#deliver(one);
    await expectApplied(this.#sent);
    for (const { company_id } of this.#boxes) await hubOf(company_id).notify();
    await Promise.all(this.#viewers.map((viewer) => viewer.expectTruth()));
  }

  get #memberships(): number[][] {
    const [a, b] = this.#boxes.map(({ company_id }) => company_id);
    return [[a!], [a!, b!], [b!]];
  }

  async #deliver(one: Notification): Promise<void> {
    await deliver(one);
    if (!this.#sent.includes(one)) this.#sent.push(one);
  }

  async #touch({ client }: Viewer, n: number, change: number): Promise<void> {
    const { body } = await client.call("GET", "/inbox?size=100");
    const item = body.items[n % body.items.length];
    if (!item) return;
    const changes = ["read", "unread", "star", "archive", "unarchive"].map((name) => `${item.id}/${name}`);
    changes.push(`threads/${item.message.thread_id}/read`);
    await client.call("PATCH", `/inbox/${changes[change % changes.length]}`);
  }

  /** A Worker that dies after its commit, before it notifies the hub. */
  async #changeAndDie({ company_id }: Box): Promise<void> {
    const { token, call } = await createClient({ companies: [company_id] });
    const [thread] = (await call("GET", "/threads")).body.items;
    if (!thread) return;
    const dying = faultyEnv((name) => (/^(hub|xabar-jobs)/.test(name) ? "before" : null), []);
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const body = JSON.stringify({ do_not_delete: !thread.do_not_delete });
    const url = `https://xabar.test/threads/${thread.id}`;
    const answer = await app.fetch(new Request(url, { method: "PATCH", headers, body }), dying, execution);
    expect(answer.status).toBe(200);
  }
}

it("after any faults of streams, hubs, tokens and webhooks each screen matches the database", async () => {
  silenceLog();
  const count = { steps: 0 };
  const property = fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 50 }), async (steps) => {
    const world = await World.create();
    for (const one of steps) await world.take(one as Step);
    await world.expectTruth();
    count.steps += steps.length;
  });
  await fc.assert(property, { numRuns: 8, endOnFailure: true, seed: env.TEST_CHAOS.seed });
  vi.restoreAllMocks();
  expect(count.steps).toBeGreaterThan(150);
});
