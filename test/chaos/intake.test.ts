import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import { createBulkAccount, setGrant } from "../support/bulk.ts";
import { unique } from "../support/client.ts";
import { dbOf } from "../support/db.ts";
import { cron } from "../support/lifetime.ts";
import { silenceLog } from "../support/log-check.ts";
import { calm, faultyEnv, type Queued, type Strike } from "./faults.ts";
import { expectTruth, type Mailbox } from "./model.ts";
import { consume, drain } from "./queue.ts";
import { CHAOS, deliver, nylas } from "./unruly-nylas.ts";

const { seed, minutes } = env.TEST_CHAOS;
const FAULT_RATE = 0.03;
const STEPS = 60;
const MINUTE = 60_000;

interface Count {
  rounds: number;
  mails: number;
  deliveries: number;
  lost: number;
  faults: number;
  retries: number;
}

/** Saved before fake timers replace it. */
const realNow = Date.now.bind(Date);

/** How far the stand-in's clock, and ours, is ahead. */
let ahead = 0;
const keepTime = () => vi.setSystemTime(realNow() + ahead);

const count: Count = { rounds: 0, mails: 0, deliveries: 0, lost: 0, faults: 0, retries: 0 };

/** Mulberry32: the same seed repeats a round. */
function random(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A mailbox at the unruly stand-in, connected long ago. */
async function connect(): Promise<Mailbox> {
  const account = await createBulkAccount(1);
  const { id: grant } = await nylas.control<{ id: string }>("POST", "/__sim/grants", {
    email: account.email_address,
  });
  await setGrant(account, grant);
  await dbOf(account.company_id)
    .prepare(
      "INSERT INTO ems_syncs (account_id, run, state, moved_at, swept_until) VALUES (?, 'r', 'done', 0, unixepoch() - 7200)",
    )
    .bind(account.id)
    .run();
  return { ...account, grant };
}

async function round(roundSeed: number): Promise<void> {
  const next = random(roundSeed);
  const pick = <T>(list: T[]): T => list[Math.floor(next() * list.length)]!;
  const boxes = [await connect(), await connect()];
  const queue: Queued[] = [];
  const strike: Strike = () => {
    if (next() >= FAULT_RATE) return null;
    count.faults++;
    return next() < 0.5 ? "before" : "after";
  };
  const unruly = faultyEnv(strike, queue, nylas.vars);
  const whole = faultyEnv(calm, queue, nylas.vars);
  const messageIds: string[] = [];

  const receive = async () => {
    count.mails++;
    const to = next() < 0.1 ? boxes : [pick(boxes)];
    const messageId = `<${unique()}@out.example>`;
    const isLarge = next() < 0.03;
    const file = { filename: "a.txt", contentType: "text/plain", content: btoa("bytes") };
    await nylas.control("POST", "/__sim/inbound", {
      from: { email: "c@out.example", name: "Customer" },
      to: to.map(({ email_address }) => ({ email: email_address })),
      cc: next() < 0.3 ? [{ email: "cc@out.example" }] : [],
      subject: `Mail ${unique()}`,
      html: `<p>${isLarge ? "x".repeat(1_200_000) : unique()}</p>`,
      // Every fifth mail is days old, out of the sweeps' range: moved from another mailbox, for example.
      date: Date.now() - (next() < 0.2 ? 4000 : 5) * MINUTE - Math.floor(next() * 40) * MINUTE,
      messageId,
      ...(messageIds.length && next() < 0.4 ? { inReplyTo: pick(messageIds) } : {}),
      ...(next() < 0.2 ? { attachments: [file] } : {}),
    });
    messageIds.push(messageId);
  };
  const disturb = async () => {
    const box = pick(boxes);
    const { data } = await nylas.control<{ data: { id: string }[] }>("GET", `/__sim/messages/${box.grant}`);
    if (!data.length) return;
    const path = `/v3/grants/${box.grant}/messages/${encodeURIComponent(pick(data).id)}`;
    if (next() < 0.3) await nylas.api("DELETE", `${path}?hard_delete=true`);
    else if (next() < 0.5) await nylas.api("PUT", path, { folders: [pick(["INBOX", "TRASH", "SPAM"])] });
    else await nylas.api("PUT", path, { starred: next() < 0.5 });
  };
  const work = async () => {
    const name = pick(queue)?.queue;
    const batch = queue.filter((each) => each.queue === name && next() < 0.5).slice(0, 5);
    for (const each of batch) {
      // Delivery is at least once: some acknowledged messages come again.
      if (next() >= 0.1) queue.splice(queue.indexOf(each), 1);
    }
    count.retries += await consume(batch, unruly, queue);
  };
  const pass = async (minutes = 1) => {
    await nylas.control("POST", "/__sim/advance", { seconds: minutes * 60 });
    ahead += minutes * MINUTE;
    keepTime();
  };
  const isLost = (type: string) => {
    const is = type === "message.deleted" && next() < 0.3;
    if (is) count.lost++;
    return is;
  };

  await nylas.control("POST", "/__sim/chaos", CHAOS);
  for (let step = 0; step < STEPS; step++) {
    keepTime();
    const what = next();
    if (what < 0.35) await receive();
    else if (what < 0.45) await disturb();
    else if (what < 0.65) count.deliveries += await deliver(unruly, isLost);
    else if (what < 0.9) await work();
    else if (what < 0.95) await pass();
    else await cron(unruly).catch(() => {});
  }

  // Then all faults end. Messages in flight arrive, sweeps run and each audits a page. The database must now match
  // the provider.
  await nylas.control("DELETE", "/__sim/chaos");
  for (let n = 0; n < 25; n++) {
    await pass(10);
    count.deliveries += await deliver(whole);
  }
  await drain(queue, whole);
  // A mailbox is one page, so three sweeps suffice: one ends the running audit, one audits everything, and one
  // checks its suspects.
  for (let n = 0; n < 3; n++) {
    await cron(whole);
    await drain(queue, whole);
    await pass(10);
  }
  for (const box of boxes) await expectTruth(box);
  count.rounds++;
}

it("after any faults the database matches the provider", {
  timeout: (minutes + 10) * MINUTE,
}, async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  silenceLog();
  const until = realNow() + minutes * MINUTE;
  try {
    for (let n = 0; n < 3 || realNow() < until; n++) {
      await round(seed + n).catch((error) => {
        throw new Error(`Round of seed ${seed + n} (npm run chaos -- --seed ${seed + n})`, { cause: error });
      });
    }
  } finally {
    vi.useRealTimers();
    vi.restoreAllMocks();
    const { chaos } = await nylas.control<{ chaos: unknown }>("GET", "/__sim/state");
    console.log(`seed ${seed}`, JSON.stringify(count), "at the provider:", JSON.stringify(chaos));
  }
  expect(count.rounds).toBeGreaterThanOrEqual(3);
});
