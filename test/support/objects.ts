import { runInDurableObject } from "cloudflare:test";
import { env as real } from "cloudflare:workers";
import type { Observed } from "../../dev/worker/observed-d1.ts";
import type { Presence } from "../../src/ems/events/leases.ts";
import { migrations } from "../../src/ems/store/migrations.ts";
import { CompanyHub } from "../../src/index.ts";
import type { Query } from "../../src/platform/d1/statement.ts";
import { hubOf } from "./hub.ts";

/** Runs code inside a company's object, on an instance with other bindings over the same storage. */
export const inObject = <T>(
  company: number,
  env: Env,
  run: (hub: CompanyHub) => Promise<T>,
  observe?: (statement: Observed) => void,
): Promise<T> =>
  runInDurableObject(hubOf(company), async (_hub, state) => {
    const stop = observe ? observeStatements(state.storage.sql, observe) : () => {};
    try {
      return await run(new CompanyHub(state, env));
    } finally {
      stop();
    }
  });

/** A namespace of objects that do their work with the bindings of `env`, and report each completed statement. */
export function observedHubs(env: () => Env, observe: (statement: Observed) => void): Env["COMPANY_HUB"] {
  const get = (id: DurableObjectId) => {
    const stub = real.COMPANY_HUB.get(id);
    const within = <T>(run: (hub: CompanyHub) => Promise<T>) =>
      inObject(Number(id.name), env(), run, observe);
    // An object cannot read the body of a request that was made outside of it, and the other way around.
    const serve = async (request: Request) => {
      const sent = await request.arrayBuffer();
      const { received, ...init } = await within(async (hub) => {
        const headers = [...request.headers] as [string, string][];
        const body = sent.byteLength > 0 ? sent : null;
        const response = await hub.fetch(new Request(request.url, { method: request.method, headers, body }));
        const received = response.body && (await response.arrayBuffer());
        return { received, status: response.status, headers: [...response.headers] as [string, string][] };
      });
      return new Response(received, init);
    };
    return {
      fetch: (request: Request | string, init?: RequestInit) =>
        request instanceof Request ? serve(request) : stub.fetch(request, init),
      notify: () => stub.notify(),
      announce: (presence: Presence) => stub.announce(presence),
      query: (queries: Query[]) => within((hub) => hub.query(queries)),
      cron: () => within((hub) => hub.cron()),
    };
  };
  return { get, idFromName: (name: string) => real.COMPANY_HUB.idFromName(name) } as never;
}

type Observe = (statement: Observed) => void;

/** Who observes a database's statements, and by how many calls at once. */
const observers = new WeakMap<SqlStorage, Map<Observe, number>>();

/** Reports each statement on the company's tables, except migrations, once for any number of calls. @returns a function that ends it */
function observeStatements(sql: SqlStorage, observe: Observe): () => void {
  const calls = observers.get(sql) ?? new Map<Observe, number>();
  if (!observers.has(sql)) {
    const report = (statement: Observed) => [...calls.keys()].map((each) => each(statement));
    Object.defineProperty(sql, "exec", { value: observedExec(sql.exec.bind(sql), report) });
    observers.set(sql, calls);
  }
  calls.set(observe, (calls.get(observe) ?? 0) + 1);
  return () => {
    const left = (calls.get(observe) ?? 0) - 1;
    if (left > 0) calls.set(observe, left);
    else calls.delete(observe);
  };
}

let trips = 0;
let isInTrip = false;

/** The statements of a transaction run in one turn of the event loop: they are one trip. */
function tripOf(): number {
  if (!isInTrip) {
    isInTrip = true;
    trips++;
    queueMicrotask(() => {
      isInTrip = false;
    });
  }
  return trips;
}

function observedExec(exec: SqlStorage["exec"], observe: Observe) {
  return (text: string, ...params: SqlStorageValue[]) => {
    const cursor = exec(text, ...params);
    if (!/\bems_|\bcompanies\b/.test(text) || migrations.includes(text)) return cursor;
    const rows = [...cursor.raw()];
    const { rowsRead, rowsWritten } = cursor;
    observe({ sql: text, params, rows: rows.length, rowsRead, rowsWritten, trip: tripOf() });
    return { columnNames: cursor.columnNames, raw: () => rows.values(), rowsRead, rowsWritten };
  };
}
