import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { observedD1 } from "../../dev/worker/observed-d1.ts";
import { findViewer } from "../../src/hub/auth/sessions.ts";
import { signIn as signInVerb } from "../../src/hub/auth/sign-in.ts";
import { createContext, type OpenCtx } from "../../src/hub/context.ts";
import { call } from "../support/client.ts";
import {
  auth,
  begin,
  codeOf,
  newAddress,
  newEmail,
  PASSWORD,
  register,
  signIn,
} from "../support/hub-auth.ts";
import { createPerson, hubDb } from "../support/hub-client.ts";
import { mailsTo } from "../support/hub-mail.ts";

afterEach(() => void vi.useRealTimers());

/** Sets the clock to the beginning of the next window of attempts. */
const beginWindow = (minutes = 0) =>
  vi.useFakeTimers({
    toFake: ["Date"],
    now: (Math.floor(vi.getRealSystemTime() / 600_000) + 1) * 600_000 + minutes * 60_000,
  });

const WRONG = { status: 401, body: { detail: "No active account found with the given credentials" } };

/** A context that counts rows and keeps statements. */
function metered() {
  const meter = { read: 0, written: 0, statements: [] as string[] };
  const HUB_DB = observedD1(env.HUB_DB, ({ sql, rowsRead, rowsWritten }) => {
    meter.read += rowsRead;
    meter.written += rowsWritten;
    meter.statements.push(sql);
  });
  const base = createContext({ ...env, HUB_DB }, { waitUntil: () => {} });
  const ctx: OpenCtx = { ...base, origin: "https://xabar.test", address: newAddress(), language: "uz" };
  return { ctx, meter };
}

describe("a sign-in is refused", () => {
  it("without e-mail or password", async () => {
    const { status, body } = await auth("signin/", {});
    expect(status).toBe(400);
    expect(Object.keys(body.details)).toEqual(["email", "password"]);
  });

  it("alike for an unknown e-mail, a wrong password, nobody's password, and a deleted account", async () => {
    const email = await register();
    const google = await createPerson({ google_sub: newEmail() });
    const deleted = await register();
    await hubDb.prepare("UPDATE hub_users SET deleted_at = 1 WHERE email = ?").bind(deleted).run();
    const answers = [
      await signIn(newEmail()),
      await signIn(email, "another password"),
      await signIn(email, `${PASSWORD} `),
      await signIn(google.email),
      await signIn(deleted),
    ];
    for (const answer of answers) expect(answer).toMatchObject(WRONG);
  });

  it("with the same statements for an unknown e-mail and a wrong password", async () => {
    const email = await register();
    const [known, unknown] = [metered(), metered()];
    for (const [{ ctx }, address] of [
      [known, email],
      [unknown, newEmail()],
    ] as const)
      await expect(signInVerb(ctx, { email: address, password: "another password" })).rejects.toThrow(
        "No active account",
      );
    expect(known.meter.statements).toEqual(unknown.meter.statements);
  });

  it("after ten failures in ten minutes from an address, also with the right password", async () => {
    beginWindow();
    const email = await register();
    const from = newAddress();
    for (let nth = 0; nth < 10; nth++) expect(await signIn(email, "wrong", from)).toMatchObject(WRONG);
    const refused = await signIn(email, PASSWORD, from);
    expect(refused).toMatchObject({ status: 429, body: { message: "Request was throttled" } });
    expect(refused.body.wait_seconds).toBeGreaterThan(590);
    expect((await signIn(email, PASSWORD, newAddress())).status).toBe(200);
    vi.useRealTimers();
    beginWindow(10.1);
    expect((await signIn(email, PASSWORD, from)).status).toBe(200);
  });

  it("after ten failures of an e-mail that nobody has, alike", async () => {
    beginWindow();
    const [email, from] = [newEmail(), newAddress()];
    for (let nth = 0; nth < 10; nth++) expect(await signIn(email, "wrong", from)).toMatchObject(WRONG);
    expect((await signIn(email, "wrong", from)).status).toBe(429);
  });

  it("of 40 at the same moment, ten are looked at", async () => {
    beginWindow();
    const [email, from] = [await register(), newAddress()];
    const answers = await Promise.all(Array.from({ length: 40 }, () => signIn(email, "wrong", from)));
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(10);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(30);
  });

  it("not after ten successes: each begins a new count", async () => {
    beginWindow();
    const [email, from] = [await register(), newAddress()];
    for (let nth = 0; nth < 12; nth++) {
      vi.setSystemTime(Date.now() + 1000);
      expect((await signIn(email, PASSWORD, from)).status).toBe(200);
    }
  });
});

describe("the right password of an e-mail that is not verified", () => {
  it("is 403 and gets a new code, which works from there; the first one is dead", async () => {
    const email = newEmail();
    await begin(email);
    const first = await codeOf(email);
    const from = newAddress();
    expect(await signIn(email, PASSWORD, from)).toMatchObject({
      status: 403,
      body: { detail: "Email is not verified" },
    });
    const second = await codeOf(email);
    expect(await mailsTo(email)).toHaveLength(2);
    if (first !== second) expect((await auth("email-verify/", { code: first, email })).status).toBe(400);
    expect((await auth("email-verify/", { code: second }, from)).status).toBe(200);
    expect((await signIn(email)).status).toBe(200);
  });

  it("works when the code has expired, and until a day after", async () => {
    const [email, other] = [newEmail(), newEmail()];
    await begin(email);
    await begin(other);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 23 * 3_600_000 });
    expect((await signIn(email)).status).toBe(403);
    expect((await auth("email-verify/", { code: await codeOf(email), email })).status).toBe(200);
    vi.useRealTimers();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 25 * 3_600_000 });
    expect(await signIn(other)).toMatchObject(WRONG);
  });

  it("mails nothing for a wrong one", async () => {
    const email = newEmail();
    await begin(email);
    expect(await signIn(email, "another password")).toMatchObject(WRONG);
    expect(await mailsTo(email)).toHaveLength(1);
  });
});

describe("a sign-in", () => {
  it("answers as in the contract, in any case of the e-mail", async () => {
    const email = await register();
    const { status, body } = await signIn(email.toUpperCase());
    expect({ status, body }).toEqual({
      status: 200,
      body: { status: true, email, token: { access: expect.any(String), refresh: expect.any(String) } },
    });
    expect((await call(body.token.access, "GET", "/api/posts/nothing/")).status).toBe(404);
    const row = hubDb.prepare("SELECT last_login FROM hub_users WHERE email = ?").bind(email);
    expect(await row.first("last_login")).toBeGreaterThan(Date.now() - 60_000);
  });

  it("hashes an imported password anew", async () => {
    const password = "pbkdf2_sha256$100000$abcSALT$KOVjntx3eXzbrTR43zYuxglY3twXZsNhXJGWbP9tNbc=";
    const { email } = await createPerson({ password });
    expect(await signIn(email, "correct hors")).toMatchObject(WRONG);
    expect((await signIn(email, "correct horse")).status).toBe(200);
    const row = hubDb.prepare("SELECT password FROM hub_users WHERE email = ?").bind(email);
    expect(await row.first("password")).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect((await signIn(email, "correct horse")).status).toBe(200);
  });

  it("reads at most 6 rows and writes at most 4; a request's token reads at most 2", async () => {
    const email = await register();
    await signIn(email);
    const { ctx, meter } = metered();
    const { token } = await signInVerb(ctx, { email, password: PASSWORD });
    expect(meter.read).toBeLessThanOrEqual(6);
    expect(meter.written).toBeLessThanOrEqual(4);
    Object.assign(meter, { read: 0, written: 0 });
    await findViewer(ctx, token.access);
    expect(meter.read).toBeLessThanOrEqual(2);
    expect(meter.written).toBe(0);
  });
});
