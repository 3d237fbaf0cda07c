import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { type Answered, call, unique } from "../support/client.ts";
import { connect, foundGroup, inAccount, newPhone } from "../support/telegram-accounts.ts";
import { createTelegramUser, type TelegramUser } from "../support/telegram-client.ts";

// The 13 calls, one after the other as the contract's two flows have them, in each of its forms.

const contract = env.TEST_TELEGRAM_CONTRACT;

/** The JSON examples below a heading of the contract. */
function examplesOf(heading: string): unknown[] {
  const from = contract.indexOf(heading);
  if (from < 0) throw new Error(`The contract has no ${heading}`);
  const section = contract.slice(from + heading.length);
  const end = section.search(/^(---|#{2,3} \d)/m);
  return [...section.slice(0, end).matchAll(/```json\n([\s\S]*?)```/g)].map(([, json = ""]) =>
    JSON.parse(json),
  );
}

/** The first call below a heading: its method, and its path after the base. */
function callOf(heading: string): [method: string, path: string] {
  const [, method = "", path = ""] =
    /^(GET|POST|PATCH|DELETE) \/ru\/api\/v1\/auto-mailing(\/\S+)$/m.exec(
      contract.slice(contract.indexOf(heading)),
    ) ?? [];
  return [method, path];
}

/** The body of the first call below a heading. */
function requestOf(heading: string): object {
  const block = /^```\n(?:GET|POST|PATCH|DELETE) [^`]*?(\{\n[^`]*\})\n```$/m.exec(
    contract.slice(contract.indexOf(heading)),
  );
  return JSON.parse(block?.[1] ?? "");
}

/** What is null in one example and a text in another. */
const NULLABLE = /(_at|frequency|duration|image|video)$/;

/** Keys in their order, and types. */
function shapeOf(value: unknown, key = ""): unknown {
  if (NULLABLE.test(key)) return value === null || typeof value === "string" ? "text or null" : typeof value;
  if (Array.isArray(value)) return value.slice(0, 1).map((each) => shapeOf(each));
  if (typeof value !== "object" || value === null) return value === null ? "null" : typeof value;
  return Object.entries(value).map(([name, each]) => [name, shapeOf(each, name)]);
}

const HEADINGS = [
  "## 1. Status API",
  ...[
    "### 2.1 Account List",
    "### 2.2 Send Code",
    "### 2.3 Verify Code",
    "### 2.4 Verify 2FA",
    "### 2.5 Delete Account",
  ],
  ...["### 3.1 Group List", "### 3.2 Sync Groups"],
  ...[
    "### 4.1 Get Mailing",
    "### 4.2 Update Mailing Content",
    "### 4.3 Update Mailing Interval",
    "### 4.4 Start Mailing",
    "### 4.5 Stop Mailing",
  ],
];

it("the contract has 13 calls", () => {
  expect(HEADINGS.map((heading) => callOf(heading).join(" "))).toEqual([
    "GET /status/{telegram_id}/",
    "GET /accounts/{telegram_id}/",
    "POST /accounts/{telegram_id}/send-code/",
    "POST /accounts/{telegram_id}/verify-code/",
    "POST /accounts/{telegram_id}/verify-2fa/",
    "DELETE /accounts/{telegram_id}/{phone}/",
    "GET /groups/{telegram_id}/",
    "GET /groups/{telegram_id}/sync/",
    "GET /mailing/{telegram_id}/",
    "PATCH /mailing/{telegram_id}/",
    "PATCH /mailing/{telegram_id}/interval/",
    "POST /mailing/{telegram_id}/start/",
    "POST /mailing/{telegram_id}/stop/",
  ]);
});

const FORMS = ["", "/ru", "/uz", "/en"].flatMap((language) =>
  ["", "/"].map((slash) => ({ language, slash })),
);

describe.each(FORMS)(
  "below $language/api/v1/auto-mailing, with '$slash' at the end",
  ({ language, slash }) => {
    let user: TelegramUser;
    let phone: number;
    let secondPhone: number;
    const shared = [foundGroup(), foundGroup(), foundGroup()];

    /** Makes the call below a heading of the contract. */
    // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of the body
    function ask(heading: string, body?: unknown, of = phone): Promise<Answered<any>> {
      const [method, pattern] = callOf(heading);
      const path = pattern
        .replace("{telegram_id}", String(user.id))
        .replace("{phone}", String(of))
        .replace(/\/$/, slash);
      return call(null, method, `${language}/api/v1/auto-mailing${path}`, body, {
        authorization: `tma ${user.initData}`,
      });
    }

    /** That an answer is 200 and has the keys, their order and the types of an example. */
    function expectLike({ status, headers, body }: Answered<unknown>, example: unknown): void {
      expect(status, JSON.stringify(body)).toBe(200);
      expect(headers.get("content-type")).toBe("application/json");
      expect(shapeOf(body)).toEqual(shapeOf(example));
    }

    beforeAll(async () => {
      user = await createTelegramUser({ finder_ends_at: "2025-03-15" });
      phone = newPhone();
      const others = Array.from({ length: 7 }, () => foundGroup());
      await inAccount(phone, (account) => {
        account.found = [...shared, ...others];
        account.password = "my2fapassword";
      });
      secondPhone = await connect(user, [
        ...shared,
        ...Array.from({ length: 5 }, () => foundGroup({ username: null })),
      ]);
    });

    it("an unknown user is 404 on each call", async () => {
      const known = user;
      user = { ...known, id: unique() };
      try {
        for (const heading of HEADINGS) expect((await ask(heading)).status, heading).toBe(404);
      } finally {
        user = known;
      }
    });

    it("2.2 to 2.4 connect an account", async () => {
      const [sent, exists, , flood] = examplesOf("### 2.2 Send Code");
      expectLike(await ask("### 2.2 Send Code", { phone: `+${phone}` }), sent);
      const again = await ask("### 2.2 Send Code", { phone: `+${secondPhone}` });
      expect([again.status, again.body]).toEqual([200, exists]);
      await inAccount(phone, ({ plans }) => {
        plans.push({
          method: "sendCode",
          refusal: { ok: false, code: "flood_wait", seconds: 300, reason: "flood_wait_300" },
        });
      });
      const limited = await ask("### 2.2 Send Code", { phone: `+${phone}` });
      expect([limited.status, limited.body]).toEqual([200, flood]);
      expect(await ask("### 2.2 Send Code", {})).toMatchObject({
        status: 400,
        body: { phone: ["This field is required."] },
      });

      const [, needs2fa, wrongCode] = examplesOf("### 2.3 Verify Code");
      expect((await ask("### 2.3 Verify Code", { phone: `+${phone}`, code: "54321" })).body).toEqual(
        wrongCode,
      );
      expect((await ask("### 2.3 Verify Code", { phone: `+${phone}`, code: "12345" })).body).toEqual(
        needs2fa,
      );

      const [connected, wrongPassword] = examplesOf("### 2.4 Verify 2FA");
      const credentials = requestOf("### 2.4 Verify 2FA");
      expect(
        (await ask("### 2.4 Verify 2FA", { ...credentials, phone: `+${phone}`, password: "x" })).body,
      ).toEqual(wrongPassword);
      const answer = await ask("### 2.4 Verify 2FA", { ...credentials, phone: `+${phone}` });
      expect([answer.status, answer.body]).toEqual([200, connected]);
    });

    it("3.1 and 3.2 find the groups: those that two accounts share are there once", async () => {
      const synced = await ask("### 3.2 Sync Groups");
      expect([synced.status, synced.body]).toEqual([200, []]);
      await expect
        .poll(async () => (await ask("### 3.1 Group List")).body.length, { timeout: 15_000 })
        .toBe(15);
      const listed = await ask("### 3.1 Group List");
      expectLike(
        { ...listed, body: listed.body.filter(({ link }: { link: unknown }) => link) },
        examplesOf("### 3.1 Group List")[0],
      );
      expect(
        listed.body.filter(({ type, link }: { type: number; link: unknown }) => type === 1 && link === null)
          .length,
      ).toBe(5);
    });

    it("2.1 lists the accounts", async () => {
      const listed = await ask("### 2.1 Account List");
      expectLike(listed, examplesOf("### 2.1 Account List")[0]);
      expect(listed.body).toEqual(
        expect.arrayContaining([
          { phone, is_active: true, groups_count: 10 },
          { phone: secondPhone, is_active: true, groups_count: 8 },
        ]),
      );
    });

    it("4.1 to 4.5 set, start and stop the mailing", async () => {
      const empty = await ask("### 4.1 Get Mailing");
      expectLike(empty, examplesOf("### 4.1 Get Mailing")[0]);
      expect(empty.body).toMatchObject({
        text: "",
        frequency: null,
        duration: null,
        max_steps: 0,
        max_runs: 0,
      });
      expect(await ask("### 4.4 Start Mailing")).toMatchObject({
        status: 200,
        body: { success: false, error: "no_content" },
      });

      const [written] = examplesOf("### 4.2 Update Mailing Content");
      expectLike(
        await ask("### 4.2 Update Mailing Content", requestOf("### 4.2 Update Mailing Content")),
        written,
      );
      expect(await ask("### 4.4 Start Mailing")).toMatchObject({
        status: 200,
        body: { success: false, error: "no_interval" },
      });

      const [paced] = examplesOf("### 4.3 Update Mailing Interval") as [object];
      const set = await ask("### 4.3 Update Mailing Interval", requestOf("### 4.3 Update Mailing Interval"));
      expectLike(set, paced);
      expect(set.body).toEqual({ ...paced, text: "Yangi xabar matni" });

      const started = await ask("### 4.4 Start Mailing");
      expectLike(started, examplesOf("### 4.4 Start Mailing")[0]);
      const { mailing } = started.body;
      expect(mailing).toMatchObject({
        is_active: true,
        sent_count: 0,
        max_runs: 240,
        step: 0,
        max_steps: 16,
      });
      const at = (time: string) => expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      for (const time of [mailing.started_at, mailing.next_run_at, mailing.ends_at]) at(time);
      const minutes = (time: string) => (Date.parse(time) - Date.parse(mailing.started_at)) / 60_000;
      expect([minutes(mailing.next_run_at), minutes(mailing.ends_at)]).toEqual([30, 480]);

      const stopped = await ask("### 4.5 Stop Mailing");
      expectLike(stopped, examplesOf("### 4.5 Stop Mailing")[0]);
      expect(stopped.body.mailing).toMatchObject({
        is_active: false,
        next_run_at: null,
        started_at: mailing.started_at,
      });
    });

    it("1 shows it all", async () => {
      const shown = await ask("## 1. Status API");
      expectLike(shown, examplesOf("## 1. Status API")[0]);
      expect(shown.body).toMatchObject({
        user: { telegram_id: user.id, phone: user.phone, first_name: "Ali", lang: 1 },
        accounts_count: 2,
        groups_count: 15,
        mailing: { text: "Yangi xabar matni", max_runs: 240, max_steps: 16 },
        subscription: {
          sender_ends_at: "2099-12-31",
          finder_ends_at: "2025-03-15",
          is_sender_active: true,
          is_finder_active: false,
        },
      });
    });

    it("2.5 removes an account, once", async () => {
      const [removed, unknown] = examplesOf("### 2.5 Delete Account");
      const first = await ask("### 2.5 Delete Account", undefined, secondPhone);
      expect([first.status, first.body]).toEqual([200, removed]);
      const second = await ask("### 2.5 Delete Account", undefined, secondPhone);
      expect([second.status, second.body]).toEqual([404, unknown]);
    });
  },
);

it("a subscription counts to the end of its last day in Tashkent", async () => {
  const today = new Date(Date.now() + 5 * 3_600_000).toISOString().slice(0, 10);
  const yesterday = new Date(Date.now() + 5 * 3_600_000 - 86_400_000).toISOString().slice(0, 10);
  const user = await createTelegramUser({ sender_ends_at: today, finder_ends_at: yesterday });
  expect((await user.call("GET", "/status/{id}/")).body.subscription).toEqual({
    sender_ends_at: today,
    finder_ends_at: yesterday,
    is_sender_active: true,
    is_finder_active: false,
  });
});
