import { env } from "cloudflare:workers";
import fc from "fast-check";
import { decodeJwt, SignJWT } from "jose";
import { afterEach, describe, expect, it, vi } from "vitest";
import { refreshSession, startSession } from "../../src/hub/auth/sessions.ts";
import { call } from "../support/client.ts";
import { auth } from "../support/hub-auth.ts";
import { createPerson, hubContext, hubDb } from "../support/hub-client.ts";

afterEach(() => void vi.useRealTimers());

const refresh = (token: string) => auth("token/refresh/", { refresh: token });
const works = async (access: string) => (await call(access, "GET", "/api/posts/nothing/")).status === 404;
const BAD = { status: 401, body: { detail: "Given token not valid for any token type" } };

const later = (seconds: number) => vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + seconds * 1000 });

describe("a refresh is refused", () => {
  it("without a token, and with one of another kind or make", async () => {
    const person = await createPerson();
    expect((await auth("token/refresh/", {})).body.details).toEqual({ refresh: ["This field is required."] });
    expect(await refresh("x.y.z")).toMatchObject(BAD);
    expect(await refresh(person.token)).toMatchObject(BAD);
    expect(await call(person.refresh, "GET", "/api/posts/nothing/")).toMatchObject(BAD);
    const claims = decodeJwt(person.refresh);
    const sign = (changes: object, secret = env.HUB_JWT_SECRET!) =>
      new SignJWT({ ...claims, ...changes })
        .setProtectedHeader({ alg: "HS256" })
        .sign(new TextEncoder().encode(secret));
    expect(await refresh(await sign({}, env.JWT_SECRET))).toMatchObject(BAD);
    expect(await refresh(await sign({ aud: "xabar" }))).toMatchObject(BAD);
    expect(await refresh(await sign({ iss: "another" }))).toMatchObject(BAD);
    expect(await refresh(await sign({ exp: 1 }))).toMatchObject(BAD);
    expect(await refresh(await sign({ sub: String(person.id + 1) }))).toMatchObject(BAD);
    expect(await refresh(await sign({ gen: 5 }))).toMatchObject(BAD);
    expect((await refresh(person.refresh)).status).toBe(200);
  });

  it("after 30 days", async () => {
    const person = await createPerson();
    later(30 * 86_400 + 1);
    expect(await refresh(person.refresh)).toMatchObject(BAD);
  });

  it("of an account that is being deleted", async () => {
    const person = await createPerson();
    await hubDb.prepare("UPDATE hub_users SET deleted_at = 1 WHERE id = ?").bind(person.id).run();
    expect(await refresh(person.refresh)).toMatchObject(BAD);
  });
});

describe("a refresh", () => {
  it("gives a new pair, and both access tokens work", async () => {
    const person = await createPerson();
    const { status, body } = await refresh(person.refresh);
    expect(status).toBe(200);
    expect(Object.keys(body).sort()).toEqual(["access", "refresh"]);
    expect(body.refresh).not.toBe(person.refresh);
    expect(await works(body.access)).toBe(true);
    expect(await works(person.token)).toBe(true);
    expect((await refresh(body.refresh)).status).toBe(200);
  });

  it("with the old token gives the same pair within 30 seconds", async () => {
    const person = await createPerson();
    const first = await refresh(person.refresh);
    later(29);
    const again = await refresh(person.refresh);
    expect(again).toMatchObject({ status: 200, body: first.body });
    expect(await works(again.body.access)).toBe(true);
  });

  it("with the old token after 30 seconds ends the session, the new tokens with it", async () => {
    const person = await createPerson();
    const { body } = await refresh(person.refresh);
    later(31);
    expect(await refresh(person.refresh)).toMatchObject(BAD);
    expect(await works(body.access)).toBe(false);
    expect(await works(person.token)).toBe(false);
    expect(await refresh(body.refresh)).toMatchObject(BAD);
  });

  it("with a token that is two refreshes old ends the session at once", async () => {
    const person = await createPerson();
    const { body: one } = await refresh(person.refresh);
    const { body: two } = await refresh(one.refresh);
    expect(await refresh(person.refresh)).toMatchObject(BAD);
    expect(await refresh(two.refresh)).toMatchObject(BAD);
  });

  it("twenty at the same moment give one pair", async () => {
    const person = await createPerson();
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(person.refresh)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => body.refresh)).size).toBe(1);
  });

  it("touches no other session of the person", async () => {
    const person = await createPerson();
    const other = await startSession(hubContext(), person.id);
    await refresh(person.refresh);
    later(31);
    await refresh(person.refresh);
    expect(await works(other.access)).toBe(true);
  });

  it("in any order and at any time, keeps the rules", async () => {
    const ctx = hubContext();
    const step = fc.record({
      back: fc.integer({ min: 0, max: 3 }),
      wait: fc.constantFrom(0, 1, 29, 31, 100),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        const { id } = await createPerson();
        const start = Date.now();
        vi.useFakeTimers({ toFake: ["Date"], now: start });
        const issued = [await startSession(ctx, id)];
        let [isOpen, movedAt, clock] = [true, start, start];
        for (const { back, wait } of steps) {
          clock += wait * 1000;
          vi.setSystemTime(clock);
          const at = Math.max(0, issued.length - 1 - back);
          const age = issued.length - 1 - at;
          const answer = await refreshSession(ctx, issued[at]!.refresh).catch(() => null);
          if (!isOpen) expect(answer).toBeNull();
          else if (age === 0) {
            expect(answer).not.toBeNull();
            issued.push(answer!);
            movedAt = clock;
          } else if (age === 1 && clock - movedAt < 30_000) expect(answer).toEqual(issued.at(-1));
          else {
            expect(answer).toBeNull();
            isOpen = false;
          }
        }
        vi.useRealTimers();
      }),
      { numRuns: 40 },
    );
  });
});

describe("a logout", () => {
  it("needs a token", async () => {
    expect((await auth("logout/", {})).status).toBe(401);
  });

  it("ends the session at once, and no other", async () => {
    const person = await createPerson();
    const other = await startSession(hubContext(), person.id);
    const { body } = await refresh(person.refresh);
    expect(await person.call("POST", "/api/accounts/auth/logout/")).toMatchObject({ status: 204, body: "" });
    for (const access of [person.token, body.access]) expect(await works(access)).toBe(false);
    for (const token of [person.refresh, body.refresh]) expect(await refresh(token)).toMatchObject(BAD);
    expect(await works(other.access)).toBe(true);
    expect((await person.call("POST", "/api/accounts/auth/logout")).status).toBe(401);
  });
});

it("an access token ends after twelve hours, its session goes on", async () => {
  const person = await createPerson();
  later(12 * 3600 + 1);
  expect(await works(person.token)).toBe(false);
  const { body } = await refresh(person.refresh);
  expect(await works(body.access)).toBe(true);
});
