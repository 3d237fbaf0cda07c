import { expect, it } from "vitest";
import { digestOf } from "../../src/hub/auth/codes.ts";
import { verifyEmail } from "../../src/hub/auth/verify.ts";
import type { OpenCtx } from "../../src/hub/context.ts";
import { call } from "../support/client.ts";
import { newAddress } from "../support/hub-auth.ts";
import { hubContext, hubDb } from "../support/hub-client.ts";

const SIGN_UPS = 100;
const GUESSES_EACH = 10;
/** Each sign-up's own code is among its guesses, but not among the first five. */
const RIGHT = 7;

const codeAt = (nth: number): string => String(nth).padStart(5, "0");

it("guesses against many sign-ups from many addresses activate nobody, although the right codes are among them", async () => {
  const base = hubContext();
  const digest = await digestOf(base, "signup-code", codeAt(RIGHT));
  await hubDb
    .prepare(
      `WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < ${SIGN_UPS - 1})
       INSERT INTO hub_signups (email_key, email, password, language, code_digest, cookie_digest, address, expires_at, created_at)
       SELECT 'wait' || n || '@hub.example', 'wait' || n || '@hub.example', 'x', 'uz', ?, 'c' || n, 'a' || n, 9e15, 1 FROM n`,
    )
    .bind(digest)
    .run();
  const outcomes = { invalid: 0, rate_limited: 0, done: 0 };
  const guess = async (sign: number, code: number, address: string) => {
    const ctx: OpenCtx = { ...base, origin: "https://xabar.test", address, language: "uz" };
    const email = `wait${sign}@hub.example`;
    const outcome = await verifyEmail(ctx, { code: codeAt(code), email }, undefined).then(
      () => "done" as const,
      (error: { code: "invalid" | "rate_limited" }) => error.code,
    );
    outcomes[outcome]++;
  };
  // An attacker with many addresses, each of which has 20 guesses an hour.
  for (let code = 0; code < GUESSES_EACH; code++) {
    const address = (sign: number) => `g${Math.floor((code * SIGN_UPS + sign) / 20)}`;
    const all = Array.from({ length: SIGN_UPS }, (_, sign) => sign);
    await Promise.all(all.map((sign) => guess(sign, code, address(sign))));
  }
  expect(outcomes.done).toBe(0);
  const users = hubDb.prepare("SELECT count(*) AS n FROM hub_users WHERE email LIKE 'wait%'");
  expect(await users.first("n")).toBe(0);
  const { results } = await hubDb.prepare("SELECT DISTINCT guesses FROM hub_signups").all();
  expect(results).toEqual([{ guesses: 5 }]);
});

it("through the door, an address has ten guesses, and the rest are 429", async () => {
  const from = newAddress();
  const statuses: number[] = [];
  for (let code = 0; code < 100; code++) {
    const body = { code: codeAt(code), email: "wait1@hub.example" };
    const headers = { "cf-connecting-ip": from };
    statuses.push((await call(null, "POST", "/api/accounts/auth/email-verify/", body, headers)).status);
  }
  expect(statuses.filter((status) => status === 400)).toHaveLength(10);
  expect(statuses.filter((status) => status === 429)).toHaveLength(90);
});
