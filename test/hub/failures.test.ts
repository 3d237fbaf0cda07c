import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { createContext } from "../../src/hub/context.ts";
import { runCron } from "../../src/hub/cron.ts";
import { authenticate } from "../../src/hub/middleware.ts";
import { app } from "../../src/hub/routes.ts";
import { calm, failingBy, faultyBucket, faultyD1, type Queued, type Strike } from "../chaos/faults.ts";
import { consume } from "../chaos/queue.ts";
import { newAddress } from "../support/hub-auth.ts";
import { createPerson, hubDb } from "../support/hub-client.ts";
import { type Operation, operations } from "../support/hub-contract.ts";
import { type Call, kindsOf, requestOf, SCENES, type Scene } from "../support/hub-scenes.ts";
import { emptyHub, hubState, plain } from "../support/hub-state.ts";
import { silenceLog } from "../support/log-check.ts";
import { routesOf, withoutRules } from "../support/routes.ts";
import { waitFor } from "../support/wait.ts";

// Each call of D1, R2, the queue and the mail binding fails once, in each operation of the hub and in its jobs: before its
// effect, or after it, so that only the answer is lost. The caller sees a success or an error of the contract, and sends
// the request again after an error. What is stored is then what it is without a failure: nothing half, nothing lost.

type Moment = "before" | "after";

/** Operations that the contract does not have. */
const OWN: [Pick<Operation, "method" | "path" | "request">, Scene][] = [
  [
    { method: "POST", path: "/api/accounts/auth/token/refresh/", request: { refresh: "" } },
    async () => ({ by: null, fields: { refresh: (await createPerson()).refresh } }),
  ],
  [
    { method: "POST", path: "/api/accounts/auth/logout/", request: undefined },
    async () => ({ by: await createPerson() }),
  ],
  [
    { method: "PATCH", path: "/api/chat/message/<id>/", request: { text: "Salom" } },
    async () => SCENES["DELETE /api/chat/message/<id>/"]!(),
  ],
  [
    { method: "POST", path: "/api/chat/ticket/", request: undefined },
    async () => ({ by: await createPerson() }),
  ],
];

interface Entry {
  operation: Operation;
  scene: Scene;
}

const entries: Entry[] = [
  ...operations.map((operation) => ({ operation, scene: SCENES[operation.name]! })),
  ...OWN.map(([own, scene]) => {
    const name = `${own.method} ${own.path}`;
    const pattern = new RegExp(`^${own.path.replace("<id>", "[^/]+")}$`);
    const operation: Operation = {
      ...own,
      ...{ name, pattern, section: "", title: "", access: "user", status: 200, response: undefined },
    };
    return { operation, scene };
  }),
];

/** Operations of several transactions, each of which leaves something whole: an account that nobody is signed in to. */
const STEPS = new Set(["POST /api/accounts/auth/oauth2/google/"]);

/** What the platform would do after the answer. */
interface World {
  queue: Queued[];
  deferred: Promise<unknown>[];
  /** Who got a mail. */
  mailed: Set<string>;
}

const newWorld = (): World => ({ queue: [], deferred: [], mailed: new Set() });

function envOf(strike: Strike, { queue, mailed }: World): Env {
  // A lost answer looks like a lost connection, and a call that fails at once like a fault of the statement.
  const failing = failingBy(strike, (call, moment) =>
    moment === "after" ? `${call}: Network connection lost.` : `${call} failed`,
  );
  const bindings = {
    HUB_DB: faultyD1(env.HUB_DB, "D1", failing),
    ATTACHMENTS: faultyBucket(env.ATTACHMENTS, failing),
    HUB_JOBS: {
      send: failing("queue.send", async (body: unknown) => {
        queue.push({ queue: "xabar-hub", body, attempts: 1 });
      }),
      sendBatch: failing("queue.sendBatch", async (messages: { body: unknown }[]) => {
        queue.push(...messages.map(({ body }) => ({ queue: "xabar-hub" as const, body, attempts: 1 })));
      }),
    },
    EMAIL: {
      send: failing("mail.send", async ({ to }: { to: string }) => {
        mailed.add(plain(to));
      }),
    },
  };
  return { ...env, ...bindings } as unknown as Env;
}

const executionOf = ({ deferred }: World) =>
  ({
    waitUntil: (work: Promise<unknown>) => deferred.push(work),
    passThroughOnException: () => {},
  }) as unknown as ExecutionContext;

/** Sends a request, and waits for what is done after the answer. @returns the status */
async function send(request: Request, bindings: Env, world: World): Promise<number> {
  const response = await app().fetch(request, bindings, executionOf(world));
  await response.text();
  while (world.deferred.length) await Promise.all(world.deferred.splice(0));
  return response.status;
}

/** Makes the scene, and a function that returns its request, the same each time. */
async function prepare({ operation, scene }: Entry): Promise<() => Request> {
  await emptyHub();
  const made: Call = await scene();
  const call = { ...made, from: made.from ?? newAddress() };
  const kinds = kindsOf(operation);
  const kind = kinds.at(-1)!;
  // A job of the scene may still be under way.
  const due = "SELECT count(*) FROM hub_locations WHERE address_due_at IS NOT NULL";
  await waitFor(async () => expect(await hubDb.prepare(due).first("count(*)")).toBe(0));
  return () => requestOf(operation, call, kind, "/");
}

const HOUR = 3600_000;

/** Does all jobs. */
async function work(bindings: Env, { queue }: World): Promise<void> {
  for (let at = 0; queue.length; at++) {
    if (at > 100) throw new Error(`The queue does not become empty: ${JSON.stringify(queue[0])}`);
    await consume(queue.splice(0, 1), bindings, queue);
  }
}

/** Does all that jobs and cron have to do, within a day and a bit. */
async function settle(bindings: Env, world: World): Promise<{ state: string[]; mailed: string[] }> {
  await work(bindings, world);
  for (const later of [HOUR / 2, 24 * HOUR + HOUR / 12]) {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + later });
    await runCron(createContext(bindings, executionOf(world)));
    await work(bindings, world);
    vi.useRealTimers();
  }
  const unsent = "SELECT count(*) FROM hub_mails WHERE sealed IS NOT NULL";
  expect(await hubDb.prepare(unsent).first("count(*)"), "mails that wait").toBe(0);
  const state = (await hubState()).filter((line) => !line.startsWith("hub_mails "));
  return { state, mailed: [...world.mailed].sort() };
}

/** A run without failures. @param times how often the request is sent */
async function calmRun(entry: Entry, times: number) {
  const next = await prepare(entry);
  const world = newWorld();
  const calls: string[] = [];
  const bindings = envOf((call) => {
    calls.push(call);
    return null;
  }, world);
  const statuses: number[] = [];
  const states = [await hubState()];
  for (let nth = 0; nth < times; nth++) {
    statuses.push(await send(next(), bindings, world));
    states.push(await hubState());
  }
  await work(bindings, world);
  return { statuses, states, calls, settled: await settle(envOf(calm, world), world) };
}

type CalmRun = Awaited<ReturnType<typeof calmRun>>;

/** The request sent once, and sent twice. */
type CalmRuns = [once: CalmRun, twice: CalmRun];

/** Fails the n-th call of a kind, once. */
function nth(n: number, kind: string, moment: Moment): { strike: Strike; struck: () => string | null } {
  let calls = 0;
  let struck: string | null = null;
  const strike: Strike = (call) => {
    if (struck !== null || !call.startsWith(kind) || ++calls !== n) return null;
    struck = call;
    return moment;
  };
  return { strike, struck: () => struck };
}

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Fails the n-th call, sends the request again after an error, and lets the jobs work. @returns what is wrong then */
async function failOne(entry: Entry, [once, twice]: CalmRuns, n: number, kind: string, moment: Moment) {
  const next = await prepare(entry);
  const world = newWorld();
  const { strike, struck } = nth(n, kind, moment);
  const [broken, whole] = [envOf(strike, world), envOf(calm, world)];
  const problems: string[] = [];
  const status = await send(next(), broken, world);
  const left = await hubState();
  const [nothing, done] = once.states;
  const [isUndone, isDone] = [isSame(left, nothing), isSame(left, done)];
  const isError = status === 500 || status === 503;
  if (!isError && status !== once.statuses[0]) problems.push(`answered ${status}`);
  if (!isDone && !(isError && (isUndone || STEPS.has(entry.operation.name))))
    problems.push(`answered ${status} and left ${differs(left, done)}`);
  if (isError) {
    const again = await send(next(), whole, world);
    if (again !== once.statuses[0] && !(isDone && again === twice.statuses[1]))
      problems.push(`answered ${again} the second time`);
  }
  await work(broken, world);
  const settled = await settle(whole, world);
  if (!isSame(settled, once.settled) && !(isDone && isError && isSame(settled, twice.settled)))
    problems.push(`settled as ${differs(settled.state, once.settled.state)}, mails ${settled.mailed}`);
  return problems.map((problem) => `call ${n} (${struck()}, ${moment}): ${problem}`);
}

const differs = (left: string[], right: string[] = []): string =>
  JSON.stringify({
    more: left.filter((line) => !right.includes(line)),
    less: right.filter((line) => !left.includes(line)),
    lines: [left.length, right.length],
  });

beforeAll(silenceLog);

it("every route that writes has a scene", () => {
  const writing = routesOf(app() as never, authenticate).filter(({ method }) => method !== "GET");
  const missing = writing.filter(({ method, path }) => {
    const filled = `${withoutRules(path).replace(/:\w+/g, "1")}/`;
    return !entries.some(({ operation: each }) => each.method === method && each.pattern.test(filled));
  });
  expect(writing.length).toBeGreaterThan(40);
  expect(missing).toEqual([]);
});

describe.each(entries.filter(({ operation }) => operation.method !== "GET"))("$operation.name", (entry) => {
  let runs: CalmRuns;
  beforeAll(async () => {
    runs = [await calmRun(entry, 1), await calmRun(entry, 2)];
  });

  it.each(["D1", "R2", "queue", "mail"])(
    "each call of %s fails once, before and after its effect",
    async (kind) => {
      const calls = runs[0].calls.filter((call) => call.startsWith(kind)).length;
      const problems: string[] = [];
      for (let n = 1; n <= calls; n++)
        for (const moment of ["before", "after"] as const)
          problems.push(...(await failOne(entry, runs, n, kind, moment)));
      expect(problems).toEqual([]);
    },
  );
});
