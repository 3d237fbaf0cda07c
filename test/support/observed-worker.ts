import { env as real } from "cloudflare:workers";
import { expect } from "vitest";
import { type Observed, observedD1 } from "../../dev/worker/observed-d1.ts";
import { app } from "../../src/app.ts";
import type { CompanyHub } from "../../src/index.ts";
import { hmacHex } from "../../src/lib/hmac.ts";
import { nowSeconds } from "../../src/lib/time.ts";
import type { Queued } from "../chaos/faults.ts";
import { consume } from "../chaos/queue.ts";
import type { Client } from "./client.ts";
import { cron } from "./lifetime.ts";
import { inObject, observedHubs } from "./objects.ts";
import { fill } from "./routes.ts";
import { readStream } from "./stream.ts";

/** A statement that ran, and its trigger: a route, a notification or a job. */
export interface Ran extends Observed {
  by: string;
}

/** The parts of a request besides its route. */
export interface Asked {
  as?: Client | undefined;
  /** Path parameters by name. */
  ids?: Record<string, string>;
  query?: string;
  /** Sent as JSON, unless it is a form or text. */
  body?: unknown;
  headers?: Record<string, string>;
  /** The expected status, if not a success. */
  status?: number;
}

/** The whole Worker. It records each statement, and handles queue messages at once. */
export interface ObservedWorker {
  env: Env;
  ran: Ran[];
  /** `METHOD /path/:param` of each route that succeeded. */
  answered: Set<string>;
  /** While set, queues reject messages. */
  queuesFail: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: the caller knows the response
  request(route: string, asked?: Asked): Promise<{ body: any; headers: Headers }>;
  /** Opens a stream, replays missed events, and closes it. */
  stream(query: string): Promise<void>;
  /** @returns the notification's id */
  notify(type: string, object: object, time?: number): Promise<string>;
  /**
   * Delivers a queue message. With 42 or more `attempts` it counts as a dead letter.
   * @param failures how many tries fail
   */
  deliver(queued: Queued, failures?: number): Promise<void>;
  /** Handles delayed queue messages, once. */
  waitForDelayed(): Promise<void>;
  /** Runs cron, and drops the jobs that it enqueues. */
  cron(): Promise<void>;
  /** Connects to the company's hub and notifies it. */
  wakeHub(company: number): Promise<void>;
}

/** Creates a Worker with the test's bindings, except for database and queues. */
export function createObservedWorker(): ObservedWorker {
  const ran: Ran[] = [];
  const answered = new Set<string>();
  const queue: Queued[] = [];
  const delayed: Queued[] = [];
  const deferred: Promise<unknown>[] = [];
  let by = "";
  const execution = {
    waitUntil: (work: Promise<unknown>) => deferred.push(work),
    passThroughOnException: () => {},
  } as unknown as ExecutionContext;
  const take = (queued: Queued, delaySeconds = 0) => {
    if (worker.queuesFail) throw new Error("The queue takes nothing");
    (delaySeconds > 0 ? delayed : queue).push(queued);
  };
  const observe = (statement: Observed) => ran.push({ ...statement, by });
  const DB = observedD1(real.DB, observe);
  const COMPANY_HUB = observedHubs(() => env, observe);
  const queues = { WEBHOOKS: producer("xabar-webhooks", take), JOBS: producer("xabar-jobs", take) };
  const env = { ...real, DB, COMPANY_HUB, ...queues } as unknown as Env;
  const settled = async () => {
    while (deferred.length) await Promise.allSettled(deferred.splice(0));
  };
  const workOff = async () => {
    for (let queued = queue.shift(); queued; queued = queue.shift()) await worker.deliver(queued);
  };

  const worker: ObservedWorker = {
    env,
    ran,
    answered,
    queuesFail: false,
    async request(route, asked = {}) {
      by = asked.query ? `${route}?${asked.query}` : route;
      const response = await app.fetch(toRequest(route, asked), env, execution);
      const text = new TextDecoder().decode(await response.arrayBuffer());
      await settled();
      const isExpected = asked.status === undefined ? response.ok : response.status === asked.status;
      expect(isExpected, `${by} ${JSON.stringify(asked.body)}: ${response.status} ${text}`).toBe(true);
      if (response.status < 400) answered.add(route);
      await workOff();
      const isJson = response.headers.get("content-type")?.includes("json");
      return { body: isJson ? JSON.parse(text) : text, headers: response.headers };
    },
    async stream(query) {
      const route = "GET /sse/events";
      by = `${route}?${query.replace(/(token|ticket)=[^&]*/, "$1=…")}`;
      const stream = readStream(await app.fetch(toRequest(route, { query }), env, execution));
      expect((await stream.next())?.event).toBe("connected");
      await settled();
      await stream.close();
      answered.add(route);
    },
    async notify(type, object, time = nowSeconds()) {
      const id = crypto.randomUUID();
      const body = JSON.stringify({ id, type, time, data: { object } });
      const headers = { "x-nylas-signature": await hmacHex(real.NYLAS_WEBHOOK_SECRET, body) };
      await worker.request("POST /webhooks/nylas", { body, headers });
      return id;
    },
    async deliver(queued, failures = 0) {
      const { type, notification } = queued.body as { type?: string; notification?: { type: string } };
      by = `queue ${queued.queue}: ${type ?? notification?.type ?? "a notification that lies in R2"}`;
      expect(await consume([queued], env, queue), `tries of ${by} that failed`).toBe(failures);
      await workOff();
    },
    async waitForDelayed() {
      for (const queued of delayed.splice(0)) await worker.deliver(queued);
    },
    async cron() {
      by = "cron";
      await cron(env);
      await settled();
      queue.length = 0;
    },
    async wakeHub(company) {
      by = "the company's hub";
      const wake = async (hub: CompanyHub) => {
        const joining = new Request("https://hub/?user=1", { headers: { upgrade: "websocket" } });
        const { webSocket } = await hub.fetch(joining);
        webSocket?.accept();
        await hub.notify();
        webSocket?.close(1000);
      };
      await inObject(company, env, wake, observe);
    },
  };
  return worker;
}

function producer(name: Queued["queue"], take: (queued: Queued, delaySeconds?: number) => void) {
  const send = async (body: unknown, options?: QueueSendOptions) =>
    take({ queue: name, body, attempts: 1 }, options?.delaySeconds);
  const sendBatch = async (messages: MessageSendRequest[]) => {
    for (const { body, ...options } of messages) await send(body, options);
  };
  return { send, sendBatch };
}

function toRequest(route: string, { as, ids, query, body, headers }: Asked): Request {
  const [method = "", path = ""] = route.split(" ");
  const isRaw = body === undefined || body instanceof FormData || typeof body === "string";
  return new Request(`https://xabar.test${fill(path, ids)}${query ? `?${query}` : ""}`, {
    method,
    headers: {
      ...(as ? { authorization: `Bearer ${as.token}` } : {}),
      ...(isRaw ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    body: isRaw ? (body ?? null) : JSON.stringify(body),
  });
}
