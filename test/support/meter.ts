import { env } from "cloudflare:workers";
import { createContext, type UserCtx } from "../../src/ems/context.ts";

/** Rows as D1 bills them. */
export interface Meter {
  read: number;
  written: number;
}

/** A context whose statements are counted, for the services to run with. */
export function metered(user: { user_id: number; companies: number[] }): { ctx: UserCtx; meter: Meter } {
  const meter: Meter = { read: 0, written: 0 };
  const note = <T extends { meta: D1Meta & Record<string, unknown> }>(result: T): T => {
    meter.read += result.meta.rows_read;
    meter.written += result.meta.rows_written;
    return result;
  };
  const statement = (inner: D1PreparedStatement): D1PreparedStatement =>
    Object.assign(Object.create(inner), {
      inner,
      bind: (...values: unknown[]) => statement(inner.bind(...values)),
      all: async () => note(await inner.all()),
      run: async () => note(await inner.run()),
      raw: async () => {
        const { results } = note(await inner.all<Record<string, unknown>>());
        return results.map((row) => Object.values(row));
      },
    });
  const DB = {
    prepare: (query: string) => statement(env.DB.prepare(query)),
    batch: async (statements: (D1PreparedStatement & { inner: D1PreparedStatement })[]) =>
      (await env.DB.batch(statements.map(({ inner }) => inner))).map(note),
  };
  const ctx = createContext({ ...env, DB: DB as unknown as D1Database }, { waitUntil: () => {} });
  return { ctx: { ...ctx, user: { role: "member", exp: 0, ...user }, origin: "https://xabar.test" }, meter };
}
