import type { tl } from "@mtcute/core";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { Fault } from "../../dev/telegram/contract.ts";
import { accountOf, signedIn, withConnection } from "./support/account.ts";
import { standIn } from "./support/stand-in.ts";

const ME: tl.users.RawGetUsersRequest = { _: "users.getUsers", id: [{ _: "inputUserSelf" }] };

/** All that a session outlives. */
const disturbance = fc.constantFrom<Omit<Fault, "phone" | "method">>(
  { effect: "bad-salt" },
  { effect: "clock" },
  { effect: "updates" },
  { effect: "unknown-constructor" },
  { cut: "before" },
  { cut: "within" },
  { isLost: true },
  { error: [500, "INTERNAL"] },
  { error: [420, "FLOOD_WAIT_9"] },
  { isSilent: true },
);

const seed = Date.now();
const lives = fc.sample(fc.array(disturbance, { minLength: 4, maxLength: 6 }), { seed, numRuns: 6 });

it.concurrent.each(lives.map((life) => [JSON.stringify(life), life] as const))(
  `a session outlives any disturbances on one connection at a time (seed ${seed}): %s`,
  async (_, life) => {
    const { phone, caller } = await signedIn();
    await withConnection(phone, async (call) => {
      for (const fault of life) {
        await standIn.plan({ phone, method: ME._, ...fault });
        // Some have no answer in this time. The next call follows at once.
        await Promise.allSettled([call(ME, { timeoutMs: 4000 }), call(ME, { timeoutMs: 4000 })]);
      }
    });
    await standIn.clear(phone);
    await withConnection(phone, async (call) => expect(await call(ME)).toMatchObject([{ _: "user" }]));
    expect(await accountOf(phone).state(caller)).toMatchObject({ ok: true, state: "signed_in" });
    expect(await standIn.phone(phone)).toMatchObject({ signedIn: 1, mostConnections: 1 });
  },
);
