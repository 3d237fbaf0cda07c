import { env } from "cloudflare:workers";
import { createContext, ofCompany } from "../../src/ems/context.ts";
import { runCompanyCron } from "../../src/ems/cron.ts";
import { reportNumbers } from "../../src/ems/metrics.ts";
import { app } from "../../src/ems/routes.ts";
import type { Query } from "../../src/platform/d1/statement.ts";
import { execution } from "./queue.ts";

/** Decides per call whether a binding fails: before its effect, or after it. */
export type Strike = (call: string) => "before" | "after" | null;

/** A message in the test's own queue: the platform's delays would stall the test. */
export interface Queued {
  queue: "xabar-webhooks" | "xabar-jobs" | "xabar-hub";
  body: unknown;
  attempts: number;
  /** In milliseconds. The platform would not deliver it earlier. */
  due?: number;
}

export class InjectedFault extends Error {}

type Call = <Args extends unknown[], Result>(
  call: string,
  run: (...args: Args) => Promise<Result>,
) => (...args: Args) => Promise<Result>;

/** Makes a call that fails when it is struck. @param explain the error's message */
export const failingBy =
  (strike: Strike, explain = (call: string, moment: string) => `${call} failed ${moment}`): Call =>
  (call, run) =>
  async (...args) => {
    const moment = strike(call);
    if (moment === "before") throw new InjectedFault(explain(call, moment));
    const result = await run(...args);
    if (moment === "after") throw new InjectedFault(explain(call, moment));
    return result;
  };

type Wrapped = D1PreparedStatement & { inner: D1PreparedStatement };

/** A database whose calls can fail. @param name what they are called, before `.batch` */
export function faultyD1(db: D1Database, name: string, failing: Call) {
  const statement = (inner: D1PreparedStatement): D1PreparedStatement =>
    Object.assign(Object.create(inner), {
      inner,
      bind: (...values: unknown[]) => statement(inner.bind(...values)),
      all: failing(`${name}.all`, () => inner.all()),
      run: failing(`${name}.run`, () => inner.run()),
      raw: failing(`${name}.raw`, () => inner.raw()),
      first: failing(`${name}.first`, (column?: string) => inner.first(column as string)),
    });
  return {
    prepare: (query: string) => statement(db.prepare(query)),
    batch: failing(`${name}.batch`, (statements: Wrapped[]) =>
      db.batch(statements.map(({ inner }) => inner)),
    ),
  };
}

/** A bucket whose calls can fail. */
export const faultyBucket = (bucket: R2Bucket, failing: Call) => ({
  put: failing("R2.put", (key: string, value: ArrayBuffer, options?: R2PutOptions) =>
    bucket.put(key, value, options),
  ),
  get: failing("R2.get", (key: string, options?: R2GetOptions) => bucket.get(key, options)),
  head: failing("R2.head", (key: string) => bucket.head(key)),
  list: failing("R2.list", (options: R2ListOptions) => bucket.list(options)),
  delete: failing("R2.delete", (keys: string[]) => bucket.delete(keys)),
});

/**
 * The Worker's environment, with calls that can fail. Messages sent to queues are pushed to `queue`.
 * @param vars replace those of the test environment
 */
export function faultyEnv(strike: Strike, queue: Queued[], vars: Partial<Env> = {}): Env {
  const failing = failingBy(strike);
  const DB = faultyD1(env.DB, "D1", failing);
  const ATTACHMENTS = faultyBucket(env.ATTACHMENTS, failing);
  const { COMPANY_HUB: hubs } = env;
  const producer = (name: Queued["queue"]) => ({
    send: failing(`${name}.send`, async (body: unknown) => {
      queue.push({ queue: name, body, attempts: 1 });
    }),
    sendBatch: failing(`${name}.sendBatch`, async (messages: { body: unknown }[]) => {
      queue.push(...messages.map(({ body }) => ({ queue: name, body, attempts: 1 })));
    }),
  });
  const COMPANY_HUB = {
    idFromName: (name: string) => hubs.idFromName(name),
    get: (id: DurableObjectId) => {
      const hub = hubs.get(id);
      return {
        notify: failing("hub.notify", () => hub.notify()),
        query: (queries: Query[]) =>
          failing(queries.length > 1 ? "D1.batch" : "D1.all", () => hub.query(queries))(),
        // In the Worker, where each access to the company's rows is a call that can fail.
        fetch: async (request: Request) => app.fetch(request, faulty, execution),
        cron: () => {
          const company = Number(id.name);
          const ctx = ofCompany(createContext(faulty, execution), company);
          return runCompanyCron(ctx, () => reportNumbers(ctx, company, 1));
        },
      };
    },
  };
  const bindings = {
    DB,
    ATTACHMENTS,
    COMPANY_HUB,
    WEBHOOKS: producer("xabar-webhooks"),
    JOBS: producer("xabar-jobs"),
  };
  const faulty = { ...env, ...vars, ...bindings } as unknown as Env;
  return faulty;
}

/** No call fails. */
export const calm: Strike = () => null;
