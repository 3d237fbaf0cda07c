import { env } from "cloudflare:workers";
import { observedD1 } from "../../dev/worker/observed-d1.ts";
import { createContext, type UserCtx } from "../../src/ems/context.ts";

/** Rows as D1 bills them. */
export interface Meter {
  read: number;
  written: number;
}

/** A context that counts the rows of its statements. */
export function metered(user: { user_id: number; companies: number[] }): { ctx: UserCtx; meter: Meter } {
  const meter: Meter = { read: 0, written: 0 };
  const DB = observedD1(env.DB, ({ rowsRead, rowsWritten }) => {
    meter.read += rowsRead;
    meter.written += rowsWritten;
  });
  const ctx = createContext({ ...env, DB }, { waitUntil: () => {} });
  return { ctx: { ...ctx, user: { role: "member", exp: 0, ...user }, origin: "https://xabar.test" }, meter };
}
