import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { silenceLog } from "../support/log-check.ts";
import { telegramDb } from "../support/telegram-client.ts";
import {
  createMailer,
  deliveriesOf,
  inAccount,
  type Mailer,
  MINUTE,
  passUntil,
  planFor,
  postsOf,
  START,
  setClock,
} from "../support/telegram-mailing.ts";
import { waitFor } from "../support/wait.ts";

// The platform itself ends the object here. Deaths at each step are played in test/chaos.

beforeEach(() => {
  silenceLog();
  setClock();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** A place where a call of an object stays until it is let go. Race: objects share no promises, so both sides look again. */
function createGate() {
  const gate = { isReached: false, isOpen: false };
  const pass = async () => {
    gate.isReached = true;
    while (!gate.isOpen) await scheduler.wait(5);
  };
  return Object.assign(gate, { pass });
}

type Gate = ReturnType<typeof createGate>;

const MOMENTS: Record<string, (mailer: Mailer, gate: Gate) => Promise<unknown>> = {
  "while the subscription is looked up": async (_, { pass }) => {
    const batch = telegramDb.batch.bind(telegramDb);
    vi.spyOn(telegramDb, "batch").mockImplementationOnce(async (statements) => {
      await pass();
      return batch(statements);
    });
  },
  "before the first post is made": ({ phones }, { pass }) => planFor(phones[0]!, { before: pass }),
  "after the first post, without its answer": ({ phones }, { pass }) => planFor(phones[0]!, { after: pass }),
  "before a later post is made": ({ phones }, { pass }) => planFor(phones[0]!, { skip: 7, before: pass }),
  "after a later post, without its answer": ({ phones }, { pass }) =>
    planFor(phones[0]!, { skip: 7, after: pass }),
  "after the last post, without its answer": ({ phones }, { pass }) =>
    planFor(phones[0]!, { skip: 14, after: pass }),
};

it.each(Object.entries(MOMENTS))("an object that ends %s: each group gets one post", async (_, hold) => {
  const mailer = await createMailer();
  await inAccount(mailer.phones[0]!, (account) => {
    account.isForgetful = true;
  });
  const gate = createGate();
  await hold(mailer, gate);
  await mailer.object.start(true);
  const ringing = runDurableObjectAlarm(mailer.stub).catch(() => {});
  await waitFor(() => expect(gate.isReached).toBe(true));
  await runInDurableObject(mailer.stub, (__, state) => state.abort("ended by the test")).catch(() => {});
  gate.isOpen = true;
  await ringing;
  const again = reopen(mailer);
  await passUntil(again, START + 29 * MINUTE);
  const posts = await postsOf(again);
  expect(posts.map(({ peer }) => peer).sort((a, b) => b - a)).toEqual(again.groups.map((id) => -id));
  expect((await deliveriesOf(again)).map(({ state }) => state)).toEqual(Array(15).fill("sent"));
  expect(await again.object.mailing()).toMatchObject({ sentCount: 15, step: 1, isActive: true });
});

/** A stub of an object that has ended stays broken. */
function reopen(mailer: Mailer): Mailer {
  const stub = env.TELEGRAM_MAILING.getByName(String(mailer.id));
  return { ...mailer, stub, object: stub as unknown as Mailer["object"] };
}
