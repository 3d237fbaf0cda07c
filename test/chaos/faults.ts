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
  queue: "xabar-webhooks" | "xabar-jobs";
  body: unknown;
  attempts: number;
  /** In milliseconds. The platform would not deliver it earlier. */
  due?: number;
}

export class InjectedFault extends Error {}

/**
 * The Worker's environment, with calls that can fail. Messages sent to queues are pushed to `queue`.
 * @param vars replace those of the test environment
 */
export function faultyEnv(strike: Strike, queue: Queued[], vars: Partial<Env> = {}): Env {
  const failing =
    <Args extends unknown[], Result>(call: string, run: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      const moment = strike(call);
      if (moment === "before") throw new InjectedFault(`${call} failed before`);
      const result = await run(...args);
      if (moment === "after") throw new InjectedFault(`${call} failed after`);
      return result;
    };

  type Wrapped = D1PreparedStatement & { inner: D1PreparedStatement };
  const statement = (inner: D1PreparedStatement): D1PreparedStatement =>
    Object.assign(Object.create(inner), {
      inner,
      bind: (...values: unknown[]) => statement(inner.bind(...values)),
      all: failing("D1.all", () => inner.all()),
      run: failing("D1.run", () => inner.run()),
      raw: failing("D1.raw", () => inner.raw()),
      first: failing("D1.first", (column?: string) => inner.first(column as string)),
    });
  const DB = {
    prepare: (query: string) => statement(env.DB.prepare(query)),
    batch: failing("D1.batch", (statements: Wrapped[]) => env.DB.batch(statements.map(({ inner }) => inner))),
  };

  const { ATTACHMENTS: bucket, COMPANY_HUB: hubs } = env;
  const ATTACHMENTS = {
    put: failing("R2.put", (key: string, value: ArrayBuffer, options?: R2PutOptions) =>
      bucket.put(key, value, options),
    ),
    get: failing("R2.get", (key: string) => bucket.get(key)),
    head: failing("R2.head", (key: string) => bucket.head(key)),
    list: failing("R2.list", (options: R2ListOptions) => bucket.list(options)),
    delete: failing("R2.delete", (keys: string[]) => bucket.delete(keys)),
  };
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
