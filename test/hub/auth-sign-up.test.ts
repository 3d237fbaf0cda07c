import { afterEach, describe, expect, it, vi } from "vitest";
import { unique } from "../support/client.ts";
import {
  auth,
  begin,
  codeOf,
  newAddress,
  newEmail,
  otherThan,
  PASSWORD,
  register,
  signIn,
} from "../support/hub-auth.ts";
import { createPerson, hubDb, sendForm } from "../support/hub-client.ts";
import { lastMailTo, mailsTo } from "../support/hub-mail.ts";

afterEach(() => void vi.useRealTimers());

const later = (minutes: number) => vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + minutes * 60_000 });

const REFUSED = { status: 400, body: { details: { code: ["Invalid or expired code."] } } };
const DONE = { status: 200, body: { message: "User is successfully activated" } };

const cookieOf = (headers: Headers): string => (headers.get("set-cookie") ?? "").split(";", 1)[0]!;

const usersOf = async (email: string): Promise<number> =>
  (await hubDb
    .prepare("SELECT count(*) AS n FROM hub_users WHERE email = ?")
    .bind(email)
    .first<{ n: number }>())!.n;

describe("a sign-up is refused", () => {
  it("with every bad field", async () => {
    expect(
      await auth("signup/", { email: "nobody", password: "short", confirm_password: "other" }),
    ).toMatchObject({
      status: 400,
      body: {
        error: "Invalid request data",
        details: {
          email: ["Enter a valid email address."],
          password: ["Ensure this field has at least 8 characters."],
          confirm_password: ["Passwords do not match."],
        },
      },
    });
    const { body } = await auth("signup/", {});
    expect(Object.keys(body.details).sort()).toEqual(["confirm_password", "email", "password"]);
    expect(body.details.email).toEqual(["This field is required."]);
  });

  it("for an e-mail that somebody has verified, in any case", async () => {
    const { email } = await createPerson();
    expect(await begin(email.toUpperCase())).toMatchObject({
      status: 400,
      body: { details: { email: ["User with this email already exists."] } },
    });
  });

  it("after ten an hour from an address, and of an e-mail", async () => {
    const from = newAddress();
    for (let nth = 0; nth < 10; nth++) expect((await begin(newEmail(), from)).status).toBe(201);
    const refused = await begin(newEmail(), from);
    expect(refused.status).toBe(429);
    expect(refused.body.wait_seconds).toBeGreaterThan(3000);
    const email = newEmail();
    for (let nth = 0; nth < 10; nth++) expect((await begin(email)).status).toBe(201);
    expect((await begin(email)).status).toBe(429);
    expect(await mailsTo(email)).toHaveLength(10);
  });
});

describe("a sign-up", () => {
  it("answers as in the contract, mails a code, and makes nobody yet", async () => {
    const email = `Auth${unique()}@Hub.example`;
    const { status, body, headers } = await begin(email);
    expect({ status, body }).toEqual({ status: 201, body: { status: true, user: email } });
    expect(headers.get("set-cookie")).toMatch(
      /^__Host-hub-signup=[\w-]{43}; Path=\/; Max-Age=86400; HttpOnly; SameSite=Lax; Secure$/,
    );
    expect(await codeOf(email)).toMatch(/^\d{5}$/);
    expect(await usersOf(email)).toBe(0);
  });

  it("stores neither password, code nor cookie", async () => {
    const email = newEmail();
    const { headers } = await begin(email);
    const row = await hubDb.prepare("SELECT * FROM hub_signups WHERE email = ?").bind(email).first();
    const { password, ...rest } = row!;
    expect(password).toMatch(/^\$argon2id\$/);
    const stored = JSON.stringify(Object.values(rest).filter((value) => typeof value === "string"));
    const secret = cookieOf(headers).split("=")[1]!;
    for (const each of [PASSWORD, await codeOf(email), secret]) expect(stored).not.toContain(`"${each}"`);
  });

  it("mails in the language that the caller accepts", async () => {
    const email = newEmail();
    const body = { email, password: PASSWORD, confirm_password: PASSWORD };
    await auth("signup/", body, newAddress(), { "accept-language": "ru-RU,ru;q=0.9" });
    expect((await lastMailTo(email)).language).toBe("ru");
  });

  it("takes a form, and paths without a slash at the end", async () => {
    const [email, other] = [newEmail(), newEmail()];
    const fields = (of: string) => ({ email: of, password: PASSWORD, confirm_password: PASSWORD });
    expect((await sendForm(null, "POST", "/api/accounts/auth/signup", fields(email))).status).toBe(201);
    const form = new URLSearchParams(fields(other)).toString();
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    expect((await auth("signup", form, newAddress(), headers)).status).toBe(201);
  });

  it("replaces one of the same e-mail: the first password and code are dead", async () => {
    const email = newEmail();
    await begin(email, newAddress(), "the first password");
    const first = await codeOf(email);
    await begin(email.toUpperCase(), newAddress(), "the second password");
    const [, second] = (await mailsTo(email.toUpperCase())).map(({ values }) => values.code);
    const code = second ?? (await codeOf(email.toUpperCase()));
    if (code !== first) expect(await auth("email-verify/", { code: first, email })).toMatchObject(REFUSED);
    expect(await auth("email-verify/", { code, email })).toMatchObject(DONE);
    expect((await signIn(email, "the first password")).status).toBe(401);
    expect((await signIn(email, "the second password")).status).toBe(200);
  });

  it("codes of one address differ", async () => {
    const from = newAddress();
    const emails = Array.from({ length: 10 }, newEmail);
    await Promise.all(emails.map((email) => begin(email, from)));
    expect(new Set(await Promise.all(emails.map(codeOf))).size).toBe(10);
    const digest = "SELECT code_digest FROM hub_signups WHERE email = ?";
    const taken = await hubDb.prepare(digest).bind(emails[0]).first("code_digest");
    const give = hubDb
      .prepare("UPDATE hub_signups SET code_digest = ? WHERE email = ?")
      .bind(taken, emails[1]);
    await expect(give.run()).rejects.toThrow("UNIQUE");
  });
});

describe("a code is refused", () => {
  it.each(["", "1234", "123456", "abcde", "１２３４５", null, {}, 12.5])("that is %j", async (code) => {
    const { status, body } = await auth("email-verify/", { code });
    expect({ status, fields: Object.keys(body.details) }).toEqual({ status: 400, fields: ["code"] });
  });

  it("from another address, without e-mail and cookie", async () => {
    const email = newEmail();
    await begin(email);
    expect(await auth("email-verify/", { code: await codeOf(email) })).toMatchObject(REFUSED);
  });

  it("with the e-mail or the cookie of another sign-up", async () => {
    const from = newAddress();
    const [email, other] = [newEmail(), newEmail()];
    await begin(email, from);
    const { headers } = await begin(other);
    const code = await codeOf(email);
    expect(await auth("email-verify/", { code, email: other }, from)).toMatchObject(REFUSED);
    const cookie = { cookie: cookieOf(headers) };
    expect(await auth("email-verify/", { code }, from, cookie)).toMatchObject(REFUSED);
    expect(await auth("email-verify/", { code, email: newEmail() }, from)).toMatchObject(REFUSED);
  });

  it("after ten minutes, and until then it is good", async () => {
    const [email, other] = [newEmail(), newEmail()];
    await begin(email);
    await begin(other);
    const codes = [await codeOf(email), await codeOf(other)];
    later(9.9);
    expect(await auth("email-verify/", { code: codes[0], email })).toMatchObject(DONE);
    vi.useRealTimers();
    later(10.1);
    expect(await auth("email-verify/", { code: codes[1], email: other })).toMatchObject(REFUSED);
  });

  it("the second time", async () => {
    const email = newEmail();
    await begin(email);
    const code = await codeOf(email);
    expect(await auth("email-verify/", { code, email })).toMatchObject(DONE);
    expect(await auth("email-verify/", { code, email })).toMatchObject(REFUSED);
    expect(await usersOf(email)).toBe(1);
  });

  it("after five wrong guesses, of whatever kind", async () => {
    const from = newAddress();
    const email = newEmail();
    const { headers } = await begin(email, from);
    const code = await codeOf(email);
    const wrong = otherThan(code);
    expect(await auth("email-verify/", { code: wrong, email })).toMatchObject(REFUSED);
    expect(await auth("email-verify/", { code: wrong }, from)).toMatchObject(REFUSED);
    const cookie = { cookie: cookieOf(headers) };
    expect(await auth("email-verify/", { code: wrong }, newAddress(), cookie)).toMatchObject(REFUSED);
    expect(await auth("email-verify/", { code: wrong, email })).toMatchObject(REFUSED);
    expect(await auth("email-verify/", { code: wrong, email })).toMatchObject(REFUSED);
    expect(await auth("email-verify/", { code, email })).toMatchObject(REFUSED);
    expect(await usersOf(email)).toBe(0);
  });

  it("after five wrong guesses at the same moment", async () => {
    const email = newEmail();
    await begin(email);
    const code = await codeOf(email);
    const guesses = Array.from({ length: 30 }, (_, at) => otherThan(code, at + 1));
    await Promise.all(guesses.map((guess) => auth("email-verify/", { code: guess, email })));
    const select = hubDb.prepare("SELECT guesses FROM hub_signups WHERE email = ?").bind(email);
    expect(await select.first("guesses")).toBe(5);
    expect((await auth("email-verify/", { code, email })).status).not.toBe(200);
  });

  it("after ten wrong ones of an e-mail in a day, also of newer codes, and then with the right one", async () => {
    const email = newEmail();
    for (let round = 0; round < 2; round++) {
      await begin(email);
      const wrong = otherThan(await codeOf(email));
      for (let nth = 0; nth < 5; nth++)
        expect(await auth("email-verify/", { code: wrong, email })).toMatchObject(REFUSED);
    }
    await begin(email);
    const limited = await auth("email-verify/", { code: await codeOf(email), email });
    expect(limited.status).toBe(429);
    expect(limited.body.wait_seconds).toBeGreaterThan(80_000);
    later(24 * 60 + 1);
    await begin(email);
    expect(await auth("email-verify/", { code: await codeOf(email), email })).toMatchObject(DONE);
  });

  it("after ten tries in ten minutes and 20 an hour from an address", async () => {
    const from = newAddress();
    const tryOne = async () =>
      (await auth("email-verify/", { code: "00000", email: newEmail() }, from)).status;
    for (let nth = 0; nth < 10; nth++) expect(await tryOne()).toBe(400);
    expect(await tryOne()).toBe(429);
    later(11);
    for (let nth = 0; nth < 10; nth++) expect(await tryOne()).toBe(400);
    expect(await tryOne()).toBe(429);
    vi.useRealTimers();
    later(22);
    expect(await tryOne()).toBe(429);
    vi.useRealTimers();
    later(61);
    expect(await tryOne()).toBe(400);
  });
});

describe("a code is whose", () => {
  it("the e-mail says, from anywhere", async () => {
    const email = newEmail();
    await begin(email);
    expect(await auth("email-verify/", { code: await codeOf(email), email })).toMatchObject(DONE);
  });

  it("the cookie says, which goes then", async () => {
    const email = newEmail();
    const { headers } = await begin(email);
    const cookie = { cookie: `a=b; ${cookieOf(headers)}; c=d` };
    const done = await auth("email-verify/", { code: await codeOf(email) }, newAddress(), cookie);
    expect(done).toMatchObject(DONE);
    expect(done.headers.get("set-cookie")).toMatch(/^__Host-hub-signup=; Path=\/; Max-Age=0;/);
  });

  it("the address says, among the sign-ups of it", async () => {
    const from = "2001:db8:1:2:3::4";
    const emails = [newEmail(), newEmail(), newEmail()];
    for (const email of emails) await begin(email, from);
    const neighbour = "2001:db8:1:2:ffff::1";
    expect(await auth("email-verify/", { code: await codeOf(emails[1]!) }, neighbour)).toMatchObject(DONE);
    expect(await Promise.all(emails.map(usersOf))).toEqual([0, 1, 0]);
    expect(await auth("email-verify/", { code: await codeOf(emails[0]!) }, "2001:db8:1:3::4")).toMatchObject(
      REFUSED,
    );
  });

  it("the address says, when the cookie is of a sign-up that is over", async () => {
    const from = newAddress();
    const { headers } = await begin(newEmail());
    await hubDb.exec("DELETE FROM hub_signups");
    const email = newEmail();
    await begin(email, from);
    const cookie = { cookie: cookieOf(headers) };
    expect(await auth("email-verify/", { code: await codeOf(email) }, from, cookie)).toMatchObject(DONE);
  });

  it("a number is a code as well", async () => {
    const email = newEmail();
    await begin(email);
    expect(await auth("email-verify/", { code: Number(await codeOf(email)), email })).toMatchObject(DONE);
  });
});

it("a code makes the account once, by many requests at once", async () => {
  const email = newEmail();
  await begin(email);
  const code = await codeOf(email);
  const answers = await Promise.all(Array.from({ length: 8 }, () => auth("email-verify/", { code, email })));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(await usersOf(email)).toBe(1);
});

it("an account that somebody else has made of the e-mail meanwhile stays as it is", async () => {
  const email = newEmail();
  await begin(email);
  await createPerson({ email, first_name: "Aziza" });
  expect(await auth("email-verify/", { code: await codeOf(email), email })).toMatchObject(REFUSED);
  expect(await usersOf(email)).toBe(1);
  expect((await signIn(email)).status).toBe(401);
});

it("somebody who has verified the e-mail signs in", async () => {
  const email = await register();
  expect((await signIn(email)).status).toBe(200);
});
