import { env } from "cloudflare:workers";
import { type Observed, observedD1 } from "../../dev/worker/observed-d1.ts";
import type { UserCtx } from "../../src/ems/context.ts";
import { userContextOf } from "./context.ts";
import { observedHubs } from "./objects.ts";

/** Rows as D1 bills them. */
export interface Meter {
  read: number;
  written: number;
}

/** A context that counts the rows of its statements. */
export function metered(user: { user_id: number; companies: number[] }): { ctx: UserCtx; meter: Meter } {
  const meter: Meter = { read: 0, written: 0 };
  const observe = ({ rowsRead, rowsWritten }: Observed) => {
    meter.read += rowsRead;
    meter.written += rowsWritten;
  };
  const observed: Env = {
    ...env,
    DB: observedD1(env.DB, observe),
    COMPANY_HUB: observedHubs(() => observed, observe),
  };
  return { ctx: userContextOf(user, observed), meter };
}
