import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { removeExpired } from "../../src/hub/auth/cleanup.ts";
import { forgotPassword } from "../../src/hub/auth/new-password.ts";
import type { Ctx, OpenCtx } from "../../src/hub/context.ts";
import { auth, begin, newAddress, newEmail, PASSWORD, register, signIn } from "../support/hub-auth.ts";
import { createPerson, hubContext, hubDb } from "../support/hub-client.ts";
import { lastMailTo, mailsTo } from "../support/hub-mail.ts";
import { waitFor } from "../support/wait.ts";

afterEach(() => void vi.useRealTimers());

const NEW = "another horse battery";
const later = (minutes: number) => vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + minutes * 60_000 });

/** Asks for a link, and waits for its mail. @returns the last part of the link */
async function askLink(email: string): Promise<string> {
  const before = (await mailsTo(email)).length;
  expect((await auth("forgot-password/", { email })).status).toBe(200);
  return waitFor(async () => {
    const mails = await mailsTo(email);
    expect(mails.length).toBe(before + 1);
    const { kind, values } = mails.at(-1)!;
    expect(kind).toBe("reset-link");
    const [, secret] = /^https:\/\/xabar\.test\/api\/accounts\/auth\/reset-password\/([\w-]{43})\/$/.exec(
      values.link!,
    )!;
    return secret!;
  });
}

const set = (link: string, password = NEW, from = newAddress()) =>
  auth(`reset-password/${link}/`, { new_password: password, confirm_password: password }, from);

const GONE = { status: 404, body: { error: "Resource not found" } };

describe("a forgotten password", () => {
  it("has the same answer for everybody, and mails nothing to others", async () => {
    const [known, unknown, waiting] = [await register(), newEmail(), newEmail()];
    await begin(waiting);
    const answers = [known, unknown, waiting].map((email) => auth("forgot-password/", { email }));
    for (const { status, body } of await Promise.all(answers))
      expect({ status, body }).toEqual({
        status: 200,
        body: { message: "Password reset link has been sent to your email" },
      });
    await waitFor(async () => expect((await lastMailTo(known)).kind).toBe("reset-link"));
    expect(await mailsTo(unknown)).toEqual([]);
    expect((await mailsTo(waiting)).map(({ kind }) => kind)).toEqual(["signup-code"]);
  });

  it("is looked up by a job, which tells nothing", async () => {
    const jobs: unknown[] = [];
    const HUB_JOBS = { send: async (job: unknown) => void jobs.push(job) } as never;
    const base: Ctx = { ...hubContext(), env: { ...env, HUB_JOBS } };
    const ctx: OpenCtx = { ...base, origin: "https://xabar.test", address: newAddress(), language: "uz" };
    for (const email of [await register(), newEmail()]) {
      await forgotPassword(ctx, { email });
      expect(jobs.splice(0)).toEqual([{ type: "reset-link", email, origin: ctx.origin }]);
      expect((await mailsTo(email)).filter(({ kind }) => kind === "reset-link")).toEqual([]);
    }
  });

  it("is five times an hour, from an address and of an e-mail, known or not", async () => {
    const from = newAddress();
    const [email, nobody] = [await register(), newEmail()];
    for (let nth = 0; nth < 5; nth++) {
      expect((await auth("forgot-password/", { email: newEmail() }, from)).status).toBe(200);
      for (const each of [email, nobody])
        expect((await auth("forgot-password/", { email: each })).status).toBe(200);
    }
    expect((await auth("forgot-password/", { email: newEmail() }, from)).status).toBe(429);
    for (const each of [email, nobody])
      expect((await auth("forgot-password/", { email: each })).status).toBe(429);
  });
});

describe("a link is refused", () => {
  it("that nobody has made, with 404", async () => {
    expect(await set("x".repeat(43))).toMatchObject(GONE);
  });

  it("with a bad password, and works after that", async () => {
    const link = await askLink(await register());
    const path = `reset-password/${link}/`;
    const { status, body } = await auth(path, { new_password: "short", confirm_password: "other" });
    expect({ status, fields: Object.keys(body.details).sort() }).toEqual({
      status: 400,
      fields: ["confirm_password", "new_password"],
    });
    expect((await set(link)).status).toBe(200);
  });

  it("the second time, also of two at once", async () => {
    const link = await askLink(await register());
    const both = await Promise.all([set(link, "the first password"), set(link, "the second password")]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 404]);
    expect(await set(link)).toMatchObject(GONE);
  });

  it("after an hour", async () => {
    const link = await askLink(await register());
    later(61);
    expect(await set(link)).toMatchObject(GONE);
  });

  it("when another one of the account was used", async () => {
    const email = await register();
    const [one, two] = [await askLink(email), await askLink(email)];
    expect((await set(two)).status).toBe(200);
    expect(await set(one)).toMatchObject(GONE);
  });

  it("of an account that is being deleted", async () => {
    const email = await register();
    const link = await askLink(email);
    await hubDb.prepare("UPDATE hub_users SET deleted_at = 1 WHERE email = ?").bind(email).run();
    expect(await set(link)).toMatchObject(GONE);
  });

  it("after ten tries an hour from an address", async () => {
    const from = newAddress();
    for (let nth = 0; nth < 10; nth++) expect((await set(`x${nth}`, NEW, from)).status).toBe(404);
    expect((await set("x", NEW, from)).status).toBe(429);
  });
});

it("a link sets the password and ends all sessions and codes, and is not in the database", async () => {
  const email = await register();
  const { body } = await signIn(email);
  const link = await askLink(email);
  const { results } = await hubDb.prepare("SELECT * FROM hub_resets").all();
  expect(JSON.stringify(results)).not.toContain(link);
  const { id } = (await hubDb.prepare("SELECT id FROM hub_users WHERE email = ?").bind(email).first())!;
  const code = hubDb.prepare(
    "INSERT INTO hub_codes (user_id, kind, code_digest, expires_at) VALUES (?, 'delete', 'x', 9e15)",
  );
  await code.bind(id).run();
  expect(await set(link)).toMatchObject({
    status: 200,
    body: { message: "Your password has been successfully updated" },
  });
  expect((await auth("token/refresh/", { refresh: body.token.refresh })).status).toBe(401);
  expect((await signIn(email, PASSWORD)).status).toBe(401);
  expect((await signIn(email, NEW)).status).toBe(200);
  const codes = hubDb.prepare("SELECT 1 FROM hub_codes WHERE user_id = ?").bind(id);
  expect(await codes.first()).toBeNull();
});

it("cron removes what is over, and nothing else", async () => {
  const tables = ["hub_signups", "hub_codes", "hub_resets", "hub_sessions", "hub_attempts"];
  for (const table of tables) await hubDb.exec(`DELETE FROM ${table}`);
  const { id } = await createPerson();
  const now = Date.now();
  for (const [nth, at] of [now - 25 * 3_600_000, now + 60_000].entries()) {
    const add = (sql: string, ...values: unknown[]) =>
      hubDb
        .prepare(sql)
        .bind(...values)
        .run();
    await add(
      "INSERT INTO hub_signups VALUES (?, '', '', 'uz', ?, 0, '', 'a', ?, 1)",
      `s${nth}`,
      `${nth}`,
      at,
    );
    await add("INSERT INTO hub_codes VALUES (?, 'email', '', 0, '', ?)", nth, at);
    await add("INSERT INTO hub_resets VALUES (?, 1, ?)", `r${nth}`, at);
    await add("INSERT INTO hub_sessions VALUES (?, ?, 0, 1, 1, ?)", id + 1, `t${nth}`, at);
    await add("INSERT INTO hub_attempts VALUES (?, 'k', 1)", at);
  }
  expect(await removeExpired(hubContext())).toBe(5);
  expect(await removeExpired(hubContext())).toBe(0);
  const counts = tables.map((table) => hubDb.prepare(`SELECT count(*) AS n FROM ${table}`).first("n"));
  expect(await Promise.all(counts)).toEqual([1, 1, 1, 2, 1]);
});
