import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import { digestOf } from "../../src/hub/auth/codes.ts";
import { auth } from "../support/hub-auth.ts";
import { hubContext, hubDb } from "../support/hub-client.ts";

// A hundred guesses by a script for each of many sign-ups. `CHAOS_SIGN_UPS=1000` makes it 100,000 guesses. Nearly all the time goes into the calls of D1: one for a guess that
// is refused by its address, three for any other.

const { signUps: SIGN_UPS } = (env as unknown as { TEST_CHAOS: { signUps: number } }).TEST_CHAOS;
/** Guesses for each sign-up. */
const ROUNDS = 100;
/** Sign-ups from one address: a code that comes from there may be of any of them. */
const NEIGHBOURS = 4;
/** Guesses that an address has in ten minutes. */
const GUESSES_OF_ADDRESS = 10;
const AT_ONCE = 50;
/** Addresses that go on guessing. */
const USED = 5;
/** In milliseconds, on a busy machine. */
const TIMEOUT = 30 * 60_000;

const emailOf = (nth: number): string => `wait${nth}@hub.example`;
const addressOf = (nth: number): string => `192.0.2.${Math.floor(nth / NEIGHBOURS)}`;
const cookieOf = (nth: number): string => `cookie-${nth}`;
/** Wrong codes are below those of the sign-ups, so that none is right for a neighbour. */
const rightCode = (nth: number): string => String(60_000 + nth * 7);
const wrongCode = (nth: number, round: number): string => String(round * SIGN_UPS + nth).padStart(5, "0");

async function waitingSignUps(): Promise<void> {
  const ctx = hubContext();
  const rows = Array.from({ length: SIGN_UPS }, async (_, nth) => [
    emailOf(nth),
    await digestOf(ctx, "signup-code", rightCode(nth)),
    await digestOf(ctx, "signup-cookie", cookieOf(nth)),
    addressOf(nth),
  ]);
  await hubDb
    .prepare(
      `INSERT INTO hub_signups
        (email_key, email, password, language, code_digest, cookie_digest, address, expires_at, created_at)
      SELECT value->>0, value->>0, 'x', 'uz', value->>1, value->>2, value->>3, 9e15, 1 FROM json_each(?)`,
    )
    .bind(JSON.stringify(await Promise.all(rows)))
    .run();
}

/** The attacker's addresses. The last one has guesses left. */
const addresses: string[] = [];
let sent = GUESSES_OF_ADDRESS;

function freshAddress(): string {
  if (sent === GUESSES_OF_ADDRESS) {
    addresses.push(`10.0.${addresses.length >> 8}.${addresses.length & 255}`);
    sent = 0;
  }
  sent++;
  return addresses.at(-1)!;
}

/** One that has no guesses left. Of a thousand requests in a minute, the platform's own limit refuses more. */
const usedAddress = (): string => addresses[Math.floor(Math.random() * USED)]!;

type Way = "e-mail" | "cookie" | "address";
const EVERY_WAY: Way[] = ["e-mail", "cookie", "address"];

const statuses = new Map<number, number>();

async function guess(nth: number, way: Way, code: string, from: () => string): Promise<number> {
  const body = way === "e-mail" ? { code, email: emailOf(nth) } : { code };
  const headers = way === "cookie" ? { cookie: `__Host-hub-signup=${cookieOf(nth)}` } : {};
  const { status } = await auth("email-verify/", body, way === "address" ? addressOf(nth) : from(), headers);
  statuses.set(status, (statuses.get(status) ?? 0) + 1);
  return status;
}

/** Guesses once for each sign-up and round, in turn by every way. @returns the statuses that came back */
async function guessAll(
  rounds: number[],
  codeOf: (nth: number, round: number) => string,
  from: () => string,
  ways = EVERY_WAY,
): Promise<number[]> {
  const seen = new Set<number>();
  for (const round of rounds) {
    for (let start = 0; start < SIGN_UPS; start += AT_ONCE) {
      const guesses = Array.from({ length: AT_ONCE }, (_, at) => {
        const nth = start + at;
        return guess(nth, ways[(nth + round) % ways.length]!, codeOf(nth, round), from);
      });
      for (const status of await Promise.all(guesses)) seen.add(status);
    }
  }
  return [...seen];
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, at) => from + at);

const guessesMade = async (): Promise<unknown[]> => {
  const select = "SELECT guesses, count(*) AS signups FROM hub_signups GROUP BY guesses ORDER BY guesses";
  return (await hubDb.prepare(select).all()).results;
};

it("a hundred guesses for each sign-up activate nobody, although most of them are right", {
  timeout: TIMEOUT,
}, async () => {
  // On a slow machine ten minutes pass, and each address would have its guesses again.
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  await waitingSignUps();

  expect(await guessAll(range(0, 1), wrongCode, freshAddress)).toEqual([400]);
  // The codes live, but an address that has guessed ten times is not heard.
  expect(await guessAll(range(1, 49), rightCode, usedAddress, ["e-mail", "cookie"])).toEqual([429]);
  expect(await hubDb.prepare("SELECT max(guesses) FROM hub_signups").first("max(guesses)")).toBeLessThan(5);

  expect(await guessAll(range(49, 51), wrongCode, freshAddress)).toEqual([400]);
  expect(await guessesMade()).toEqual([{ guesses: 5, signups: SIGN_UPS }]);
  // From addresses that are heard, too.
  expect(await guessAll(range(51, 52), rightCode, freshAddress)).toEqual([400]);
  await guessAll(range(52, ROUNDS), rightCode, usedAddress);

  expect([...statuses.keys()].sort()).toEqual([400, 429]);
  expect([...statuses.values()].reduce((sum, count) => sum + count)).toBe(SIGN_UPS * ROUNDS);
  expect(await guessesMade()).toEqual([{ guesses: 5, signups: SIGN_UPS }]);
  expect(await hubDb.prepare("SELECT count(*) FROM hub_users").first("count(*)")).toBe(0);

  // They were the right codes.
  await hubDb.exec("UPDATE hub_signups SET guesses = 4");
  expect(await guess(1, "e-mail", rightCode(1), freshAddress)).toBe(200);
  expect(await guess(2, "cookie", rightCode(2), freshAddress)).toBe(200);
});
