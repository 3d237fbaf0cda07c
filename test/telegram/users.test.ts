import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createContext } from "../../src/telegram/context.ts";
import { deleteUser, finishDeletions } from "../../src/telegram/users/erase.ts";
import { type Answered, call, signToken, unique } from "../support/client.ts";
import { createTelegramUser, operatorToken, telegramDb } from "../support/telegram-client.ts";

// biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of the body
async function operate(method: string, path: string, body?: unknown): Promise<Answered<any>> {
  return call(await operatorToken(), method, `/telegram/users${path}`, body);
}

const ALI = { phone: "+998 90 123-45-67", first_name: " Ali ", lang: 1 };
const NOT_FOUND = { status: 404, body: { error: "user_not_found" } };

/** The erasure of the users' objects, in place of theirs. */
const erasing = (erase: () => Promise<boolean>) =>
  createContext(
    { ...env, TELEGRAM_MAILING: { getByName: () => ({ erase }) } as unknown as typeof env.TELEGRAM_MAILING },
    createExecutionContext(),
  );

const rowOf = (id: number) =>
  telegramDb.prepare("SELECT * FROM telegram_users WHERE id = ?").bind(id).first();

afterEach(() => void vi.useRealTimers());

describe("refused", () => {
  const id = unique();

  it.each(["0", "-5", "abc", "1.5", "9999999999999999", "%F0%9F%98%80"])(
    "the id %s is nobody",
    async (text) => {
      expect(await operate("GET", `/${text}/`)).toMatchObject(NOT_FOUND);
      expect(await operate("PUT", `/${text}/`, ALI)).toMatchObject(NOT_FOUND);
      expect(await operate("DELETE", `/${text}/`)).toMatchObject(NOT_FOUND);
    },
  );

  it("an unknown user is shown, subscribed and deleted as 404", async () => {
    const dates = { sender_ends_at: null, finder_ends_at: null };
    expect(await operate("GET", `/${id}`)).toMatchObject(NOT_FOUND);
    expect(await operate("PUT", `/${id}/subscription`, dates)).toMatchObject(NOT_FOUND);
    expect(await operate("DELETE", `/${id}`)).toMatchObject(NOT_FOUND);
  });

  it.each<[string, object, object]>([
    [
      "nothing",
      {},
      {
        phone: ["This field is required."],
        first_name: ["This field is required."],
        lang: ["This field is required."],
      },
    ],
    ["null", { ...ALI, phone: null }, { phone: ["This field may not be null."] }],
    ["no phone number", { ...ALI, phone: "hello" }, { phone: ["Enter a valid phone number."] }],
    ["an empty phone", { ...ALI, phone: " " }, { phone: ["This field may not be blank."] }],
    ["a blank name", { ...ALI, first_name: "  " }, { first_name: ["This field may not be blank."] }],
    ["a name that is a list", { ...ALI, first_name: [] }, { first_name: ["Not a valid string."] }],
    [
      "a long name",
      { ...ALI, first_name: "x".repeat(65) },
      { first_name: ["Ensure this field has no more than 64 characters."] },
    ],
    ["another language", { ...ALI, lang: 3 }, { lang: ['"3" is not a valid choice.'] }],
    ["a language in words", { ...ALI, lang: "uz" }, { lang: ['"uz" is not a valid choice.'] }],
  ])("%s is 400 on its field", async (_name, body, fields) => {
    expect(await operate("PUT", `/${id}/`, body)).toMatchObject({ status: 400, body: fields });
    expect(await rowOf(id)).toBeNull();
  });

  it.each(["15.03.2025", "2025-02-30", "2025-3-1", 20250315, "", ["2025-03-15"]])(
    "%j is no last day of a subscription",
    async (day) => {
      const user = await createTelegramUser();
      expect(await operate("PUT", `/${user.id}/subscription`, { sender_ends_at: day })).toMatchObject({
        status: 400,
        body: {
          sender_ends_at: ["Date has wrong format. Use one of these formats instead: YYYY-MM-DD."],
          finder_ends_at: ["This field is required."],
        },
      });
    },
  );

  it("pages of no size, and other parameters", async () => {
    for (const query of ["size=0", "size=101", "size=x", "after=x", "page=2"])
      expect((await operate("GET", `?${query}`)).status, query).toBe(400);
  });
});

describe("a user", () => {
  it("is made, changed and shown, and keeps the subscription", async () => {
    const id = unique();
    const made = await operate("PUT", `/${id}/`, ALI);
    expect(made).toMatchObject({
      status: 200,
      body: {
        telegram_id: id,
        phone: 998901234567,
        first_name: "Ali",
        lang: 1,
        sender_ends_at: null,
        finder_ends_at: null,
      },
    });
    expect(Object.keys(made.body)).toEqual([
      ...["telegram_id", "phone", "first_name", "lang", "sender_ends_at", "finder_ends_at", "created_at"],
    ]);
    const dates = { sender_ends_at: "2027-01-01", finder_ends_at: null };
    expect(await operate("PUT", `/${id}/subscription/`, dates)).toMatchObject({ status: 200, body: dates });
    const changed = await operate("PUT", `/${id}`, { phone: 998907654321, first_name: "Vali", lang: "0" });
    expect(changed.body).toEqual({
      ...made.body,
      ...dates,
      phone: 998907654321,
      first_name: "Vali",
      lang: 0,
    });
    expect((await operate("GET", `/${id}/`)).body).toEqual(changed.body);
  });

  it("is taken from a form as well", async () => {
    const id = unique();
    const form = "phone=998901234567&first_name=Ali&lang=2";
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const made = await call(await operatorToken(), "PUT", `/telegram/users/${id}/`, form, headers);
    expect(made).toMatchObject({ status: 200, body: { phone: 998901234567, lang: 2 } });
  });

  it("is listed in pages by id, each once", async () => {
    const ids = [];
    for (let nth = 0; nth < 5; nth++) ids.push((await createTelegramUser({ id: 5e14 + nth })).id);
    const found: number[] = [];
    for (let after: number | null = 5e14 - 1; after !== null; ) {
      const { status, body } = await operate("GET", `/?size=2&after=${after}`);
      expect(status).toBe(200);
      found.push(...body.users.map(({ telegram_id }: { telegram_id: number }) => telegram_id));
      after = body.next;
    }
    expect(found).toEqual(ids);
  });
});

describe("a deletion", () => {
  it("hides the user at once, and is finished by cron when the object could not be reached", async () => {
    const user = await createTelegramUser();
    await deleteUser(
      erasing(async () => Promise.reject(new Error("gone"))),
      user.id,
    );
    expect(await user.call("GET", "/status/{id}/")).toMatchObject(NOT_FOUND);
    expect(await operate("GET", `/${user.id}`)).toMatchObject(NOT_FOUND);
    expect((await operate("GET", `/?after=${user.id - 1}&size=1`)).body.users[0]?.telegram_id).not.toBe(
      user.id,
    );
    expect(await rowOf(user.id)).toMatchObject({ active_until: null });

    // Somebody may be at it: it is left alone for a while.
    expect(await finishDeletions(erasing(async () => true))).toBe(0);
    vi.useFakeTimers({ now: Date.now() + 301_000, toFake: ["Date"] });
    expect(await finishDeletions(erasing(async () => false))).toBe(1);
    expect(await rowOf(user.id)).not.toBeNull();
    expect(await finishDeletions(erasing(async () => true))).toBe(0);
    vi.useFakeTimers({ now: Date.now() + 301_000, toFake: ["Date"] });
    expect(await finishDeletions(erasing(async () => true))).toBe(1);
    expect(await rowOf(user.id)).toBeNull();
    expect(await finishDeletions(erasing(async () => true))).toBe(0);
  });

  it("refuses to make the user again until it has ended, and takes nothing from the one made then", async () => {
    const user = await createTelegramUser();
    await deleteUser(
      erasing(async () => false),
      user.id,
    );
    expect(await operate("PUT", `/${user.id}/`, ALI)).toMatchObject({
      status: 400,
      body: { non_field_errors: ["The user of this id is still being erased. Try again in ten minutes."] },
    });
    await deleteUser(
      erasing(async () => true),
      user.id,
    );
    expect((await operate("PUT", `/${user.id}/`, ALI)).status).toBe(200);
    expect(await user.call("GET", "/nothing/{id}/")).toMatchObject({
      status: 404,
      body: { error: "not_found" },
    });
  });

  it("of two at once, only the later one frees the id", async () => {
    const user = await createTelegramUser();
    vi.useFakeTimers({ now: Date.now(), toFake: ["Date"] });
    const first = deleteUser(
      erasing(async () => {
        vi.setSystemTime(Date.now() + 1);
        await deleteUser(
          erasing(async () => false),
          user.id,
        );
        return true;
      }),
      user.id,
    );
    await first;
    expect(await rowOf(user.id)).not.toBeNull();
  });
});

it("an operator's token of another role is 403", async () => {
  const token = await signToken({ sub: "bot", role: "reader" });
  expect(await call(token, "GET", "/telegram/users/")).toMatchObject({
    status: 403,
    body: { detail: "You do not have permission to perform this action." },
  });
});
