import { describe, expect, it } from "vitest";
import { hashPassword } from "../../src/hub/auth/passwords.ts";
import { call, unique } from "../support/client.ts";
import { createPerson, hubDb, type Person } from "../support/hub-client.ts";
import { lastMailTo, mailsTo } from "../support/hub-mail.ts";

const PATH = "/api/accounts/account/change-email/";
const CONFIRM = `${PATH}confirm/`;
const PASSWORD = "the right password";
const hash = await hashPassword(PASSWORD);

const newAddress = () => `new${unique()}@hub.example`;
const withPassword = () => createPerson({ password: hash });

const begin = (person: Person, new_email: string, password: string | undefined = PASSWORD) =>
  person.call("POST", PATH, { new_email, password });

const codeFor = async (address: string) => (await lastMailTo(address)).values.code!;
/** A code that is not this one. */
const otherThan = (code: string) => String((Number(code) + 1) % 100_000).padStart(5, "0");

const emailOf = async (person: Person) =>
  (await person.call("GET", "/api/accounts/account/profile/")).body.email;

describe("a change of e-mail", () => {
  it("without a token is 401", async () => {
    expect((await call(null, "POST", PATH, {})).status).toBe(401);
    expect((await call(null, "POST", CONFIRM, {})).status).toBe(401);
  });

  it("with a wrong password or without one is 400 on password, and mails nothing", async () => {
    const person = await withPassword();
    const address = newAddress();
    for (const password of ["wrong password", "", undefined]) {
      const { status, body } = await person.call("POST", PATH, { new_email: address, password });
      expect({ status, body }).toMatchObject({ status: 400, body: { details: { password: [/./] } } });
    }
    expect(await mailsTo(address)).toEqual([]);
  });

  it("to an address that is no address is 400, as is one that somebody has in another case", async () => {
    const [person, other] = [await withPassword(), await createPerson()];
    for (const address of ["not an address", "a@b", other.email, other.email.toUpperCase(), person.email]) {
      const { status, body } = await begin(person, address);
      expect({ status, body }).toMatchObject({ status: 400, body: { details: { new_email: [/./] } } });
    }
  });

  it("mails a code to the new address, which ends the change", async () => {
    const person = await withPassword();
    const address = newAddress();
    expect(await begin(person, address)).toMatchObject({
      status: 200,
      body: {
        message: "A verification code has been sent to your new email address to update your email.",
      },
    });
    expect(await mailsTo(person.email)).toEqual([]);
    expect(await emailOf(person)).toBe(person.email);
    const code = await codeFor(address);
    expect(code).toMatch(/^\d{5}$/);
    expect(await person.call("POST", CONFIRM, { code })).toMatchObject({
      status: 200,
      body: { message: "Email successfully updated" },
    });
    expect(await emailOf(person)).toBe(address);
    expect((await person.call("POST", CONFIRM, { code })).status).toBe(400);
  });

  it("needs only the code for an account without a password", async () => {
    const person = await createPerson();
    const address = newAddress();
    expect((await person.call("POST", PATH, { new_email: address })).status).toBe(200);
    expect((await person.call("POST", CONFIRM, { code: await codeFor(address) })).status).toBe(200);
  });

  it("ends reset links and a sign-up of the new address", async () => {
    const person = await createPerson();
    const address = newAddress();
    await hubDb.batch([
      hubDb
        .prepare("INSERT INTO hub_resets (link_digest, user_id, expires_at) VALUES (?, ?, 9e15)")
        .bind(`digest${person.id}`, person.id),
      hubDb
        .prepare(
          "INSERT INTO hub_signups (email_key, email, language, code_digest, cookie_digest, address, expires_at, created_at) VALUES (?, ?, 'uz', ?, ?, 'x', 9e15, 1)",
        )
        .bind(address, address, address, address),
    ]);
    await person.call("POST", PATH, { new_email: address });
    await person.call("POST", CONFIRM, { code: await codeFor(address) });
    const left = await hubDb
      .prepare(
        "SELECT (SELECT count(*) FROM hub_resets WHERE user_id = ?) + (SELECT count(*) FROM hub_signups WHERE email_key = ?) AS n",
      )
      .bind(person.id, address)
      .first();
    expect(left).toEqual({ n: 0 });
  });
});

describe("a code", () => {
  const begun = async () => {
    const person = await createPerson();
    const address = newAddress();
    await person.call("POST", PATH, { new_email: address });
    return { person, address, code: await codeFor(address) };
  };

  it.each([[{}], [{ code: "" }], [{ code: "123456" }], [{ code: "12a45" }], [{ code: ["12345"] }]])(
    "in the body %j is 400 on code",
    async (body) => {
      const { person } = await begun();
      const answer = await person.call("POST", CONFIRM, body);
      expect(answer).toMatchObject({ status: 400, body: { details: { code: [/./] } } });
    },
  );

  it("that is wrong is 400, and the fifth wrong one ends the right one", async () => {
    const { person, code } = await begun();
    for (let nth = 0; nth < 5; nth++)
      expect(await person.call("POST", CONFIRM, { code: otherThan(code) })).toMatchObject({
        status: 400,
        body: { details: { code: ["The code is wrong or has expired."] } },
      });
    expect((await person.call("POST", CONFIRM, { code })).status).toBe(400);
    expect(await emailOf(person)).toBe(person.email);
  });

  it("of wrong guesses at the same moment, no more than five are compared", async () => {
    const { person, code } = await begun();
    await Promise.all(
      Array.from({ length: 8 }, () => person.call("POST", CONFIRM, { code: otherThan(code) })),
    );
    const row = await hubDb
      .prepare("SELECT guesses FROM hub_codes WHERE user_id = ?")
      .bind(person.id)
      .first();
    expect(row).toEqual({ guesses: 5 });
  });

  it("ends after ten minutes, and with the next code", async () => {
    const { person, code } = await begun();
    const second = newAddress();
    await person.call("POST", PATH, { new_email: second });
    const next = await codeFor(second);
    if (next !== code) expect((await person.call("POST", CONFIRM, { code })).status).toBe(400);
    await hubDb.prepare("UPDATE hub_codes SET expires_at = 1 WHERE user_id = ?").bind(person.id).run();
    expect((await person.call("POST", CONFIRM, { code: next })).status).toBe(400);
  });

  it("of another person, or of another kind, is 400", async () => {
    const { person, code } = await begun();
    const other = await createPerson();
    expect((await other.call("POST", CONFIRM, { code })).status).toBe(400);
    expect((await person.call("POST", "/api/accounts/account/delete/confirm/", { code })).status).toBe(400);
    expect((await person.call("POST", CONFIRM, { code })).status).toBe(200);
  });

  it("is 400 when somebody has taken the address meanwhile", async () => {
    const { person, address, code } = await begun();
    await createPerson({ email: address.toUpperCase() });
    expect(await person.call("POST", CONFIRM, { code })).toMatchObject({
      status: 400,
      body: { details: { new_email: [/./] } },
    });
    expect(await emailOf(person)).toBe(person.email);
  });

  it("may be guessed ten times a day, however many are asked for: then 429", async () => {
    const { person } = await begun();
    await hubDb
      .prepare("INSERT INTO hub_limits (key, count, ends_at) VALUES (?, 10, ?)")
      .bind(`code_email user ${person.id}`, Date.now() + 60_000)
      .run();
    expect((await person.call("POST", CONFIRM, { code: "00000" })).status).toBe(429);
  });

  it("is not readable in the database", async () => {
    const { person, address, code } = await begun();
    const row = await hubDb
      .prepare("SELECT code_digest FROM hub_codes WHERE user_id = ?")
      .bind(person.id)
      .first<{ code_digest: string }>();
    expect(row!.code_digest).toMatch(/^[0-9a-f]{64}$/);
    expect(row!.code_digest).not.toContain(code);
    expect((await mailsTo(address)).length).toBe(1);
  });
});

it("passwords are limited before they are hashed: 429 after ten tries in ten minutes", async () => {
  const person = await withPassword();
  await hubDb
    .prepare("INSERT INTO hub_limits (key, count, ends_at) VALUES (?, 10, ?)")
    .bind(`signin user ${person.id}`, Date.now() + 60_000)
    .run();
  expect(await begin(person, newAddress())).toMatchObject({
    status: 429,
    body: { message: "Request was throttled", wait_seconds: expect.any(Number) },
  });
});
