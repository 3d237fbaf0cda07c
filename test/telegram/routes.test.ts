import { createExecutionContext } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { authenticate as emailDoor } from "../../src/email-service/middleware.ts";
import { app as emailService, owns as ownedByEmail } from "../../src/email-service/routes.ts";
import { app as hub, owns as ownedByHub } from "../../src/hub/routes.ts";
import { app, owns } from "../../src/telegram/routes.ts";
import { type Answered, call, createClient, signToken, unique } from "../support/client.ts";
import { emailClient } from "../support/email-client.ts";
import { createPerson } from "../support/hub-client.ts";
import { fill as fillOther, guardedRoutes, type Route, routesOf, withoutRules } from "../support/routes.ts";
import { createTelegramUser, operatorToken, signInitData } from "../support/telegram-client.ts";

/** What each route is open to: a user of auto-mailing and operators, operators alone, or everybody. Add each new route here. */
const TABLE = `
DELETE /api/v1/auto-mailing/accounts/:telegramId/:phone user
DELETE /telegram/blocked-groups/:peer operator
DELETE /telegram/users/:telegramId operator
GET /api/v1/auto-mailing/accounts/:telegramId user
GET /api/v1/auto-mailing/accounts/:telegramId/:phone user
GET /api/v1/auto-mailing/groups/:telegramId user
GET /api/v1/auto-mailing/groups/:telegramId/excluded user
GET /api/v1/auto-mailing/groups/:telegramId/sync user
GET /api/v1/auto-mailing/mailing/:telegramId user
GET /api/v1/auto-mailing/mailing/:telegramId/runs user
GET /api/v1/auto-mailing/mailing/:telegramId/runs/:run user
GET /api/v1/auto-mailing/status/:telegramId user
GET /media/mailing/:name open
GET /telegram/blocked-groups operator
GET /telegram/users operator
GET /telegram/users/:telegramId operator
PATCH /api/v1/auto-mailing/mailing/:telegramId user
PATCH /api/v1/auto-mailing/mailing/:telegramId/interval user
POST /api/v1/auto-mailing/accounts/:telegramId/:phone/resume user
POST /api/v1/auto-mailing/accounts/:telegramId/send-code user
POST /api/v1/auto-mailing/accounts/:telegramId/verify-2fa user
POST /api/v1/auto-mailing/accounts/:telegramId/verify-code user
POST /api/v1/auto-mailing/mailing/:telegramId/start user
POST /api/v1/auto-mailing/mailing/:telegramId/stop user
PUT /api/v1/auto-mailing/groups/:telegramId/excluded user
PUT /telegram/blocked-groups/:peer operator
PUT /telegram/users/:telegramId operator
PUT /telegram/users/:telegramId/subscription operator
`;

const accessOf = ({ path }: Pick<Route, "path">) =>
  path.startsWith("/media/") ? "open" : path.startsWith("/telegram/") ? "operator" : "user";

const all: Route[] = routesOf(app() as never, null);
const guarded = all.filter((route) => accessOf(route) !== "open");
const ofUsers = all.filter((route) => accessOf(route) === "user");
const ofOperators = all.filter((route) => accessOf(route) === "operator");

const fill = (path: string, telegramId: number | string = 1): string =>
  withoutRules(path).replace(":telegramId", String(telegramId)).replace(/:\w+/g, "998900000000");

const send = (
  credential: string | null,
  { method, path }: Pick<Route, "method" | "path">,
): Promise<Answered<unknown>> =>
  call(null, method, path, undefined, credential === null ? {} : { authorization: credential });

it("the routes equal the table", () => {
  const lines = all.map((route) => `${route.method} ${withoutRules(route.path)} ${accessOf(route)}`);
  expect(lines.sort()).toEqual(TABLE.trim().split("\n"));
});

it("are the module's own, and of no other", () => {
  for (const { path } of all)
    for (const each of [fill(path), `${fill(path)}/`]) {
      expect(owns(each), each).toBe(true);
      expect(ownedByEmail(each) || ownedByHub(each), each).toBe(false);
    }
});

it.each([
  "/api",
  "/api/v1",
  "/api/v2/auto-mailing/status/1",
  "/de/api/v1/auto-mailing/status/1",
  "/ru/telegram/users",
  "/media/x",
  "/telegrams",
])("leave %s to others", (path) => expect(owns(path)).toBe(false));

/** What opens no door: the name, and the header. */
async function useless(): Promise<[string, string | null][]> {
  const now = Math.floor(Date.now() / 1000);
  const initData = await signInitData(1);
  return [
    ["nothing", null],
    ["an empty scheme", "tma "],
    ["init data without its scheme", initData],
    ["init data of another scheme", `Bearer ${initData}`],
    ["forged init data", `tma ${initData.replace(/hash=..../, "hash=0000")}`],
    ["old init data", `tma ${await signInitData(1, { auth_date: String(now - 90_000) })}`],
    ["a token of the EMS", `Bearer ${(await createClient()).token}`],
    ["a token of the Email Service", `Bearer ${(await emailClient({ role: "admin" })).token}`],
    ["a token of the hub", `Bearer ${(await createPerson({ is_staff: 1 as never })).token}`],
    ["an expired token", `Bearer ${await signToken({ sub: "bot", role: "admin" }, now - 1)}`],
    [
      "another secret's token",
      `Bearer ${await signToken({ sub: "bot", role: "admin" }, "1h", "another-secret")}`,
    ],
    ["a token without a role", `Bearer ${await signToken({ sub: "bot" })}`],
    ["an operator's token as init data", `tma ${await operatorToken()}`],
  ];
}

describe("without a valid credential", async () => {
  const headers = await useless();

  it.each(guarded)("$method $path is 401", async ({ method, path }) => {
    const detail =
      accessOf({ path }) === "user" ? "Invalid or expired init data" : "Invalid or expired token";
    for (const [name, header] of headers)
      for (const slash of ["", "/"]) {
        const answer = await send(header, { method, path: `${fill(path)}${slash}` });
        expect([answer.status, answer.body], name).toEqual([401, { detail }]);
        expect(answer.headers.get("www-authenticate")).toBe("Bearer");
      }
  });
});

describe("init data", () => {
  it.each(ofOperators)("does not open $method $path", async ({ method, path }) => {
    const user = await createTelegramUser();
    const answer = await send(`tma ${user.initData}`, { method, path: fill(path, user.id) });
    expect(answer).toMatchObject({ status: 401, body: { detail: "Invalid or expired token" } });
  });
});

describe("a user that is another's, unknown, or no number", async () => {
  const NOBODY = { status: 404, body: { error: "user_not_found" } };
  const other = await createTelegramUser();
  const own = await createTelegramUser();
  const stranger = `tma ${await signInitData(unique())}`;
  const operator = `Bearer ${await operatorToken()}`;

  it.each(ofUsers)("is 404 on $method $path", async ({ method, path }) => {
    for (const language of ["", "/ru", "/uz", "/en"]) {
      const to = (id: number | string) => ({ method, path: `${language}${fill(path, id)}/` });
      expect(await send(`tma ${own.initData}`, to(other.id))).toMatchObject(NOBODY);
      expect(await send(operator, to(unique()))).toMatchObject(NOBODY);
    }
    for (const id of ["abc", "0", `0${own.id}`, `${own.id}.0`, `+${own.id}`, "1e3", "99999999999999999999"])
      for (const credential of [operator, `tma ${own.initData}`])
        expect(await send(credential, { method, path: fill(path, id) }), id).toMatchObject(NOBODY);
    expect(await send(stranger, { method, path: fill(path, own.id) })).toMatchObject(NOBODY);
  });

  it("is 404 for the caller, too, who is not known yet", async () => {
    const id = unique();
    const answer = await send(`tma ${await signInitData(id)}`, {
      method: "GET",
      path: `/api/v1/auto-mailing/accounts/${id}/`,
    });
    expect(answer).toMatchObject(NOBODY);
  });
});

describe("a caller over the limit is refused", () => {
  const ask = async (path: string, method: string, header: string, changes: object) => {
    const request = new Request(`https://xabar.test${path}`, {
      method,
      headers: { "cf-connecting-ip": "192.0.2.1", ...(header ? { authorization: header } : {}) },
    });
    const response = await app().fetch(request, { ...env, ...changes } as Env, createExecutionContext());
    return {
      status: response.status,
      retry: response.headers.get("retry-after"),
      body: await response.json(),
    };
  };
  const full = { limit: async () => ({ success: false }) };

  it.each(all)("by address on $method $path", async ({ method, path }) => {
    expect(await ask(fill(path), method, "", { OPEN_RATE_LIMIT: full })).toMatchObject({
      status: 429,
      retry: "60",
    });
  });

  it("by address when a user is guessed", async () => {
    const own = await createTelegramUser();
    const path = `/api/v1/auto-mailing/accounts/${own.id + 1}/`;
    expect(await ask(path, "GET", `tma ${own.initData}`, { OPEN_RATE_LIMIT: full })).toMatchObject({
      status: 429,
    });
  });

  it("by Telegram id otherwise, and not by the address", async () => {
    const own = await createTelegramUser();
    const asked: string[] = [];
    const RATE_LIMIT = {
      limit: async ({ key }: { key: string }) => {
        asked.push(key);
        return { success: false };
      },
    };
    expect(
      await ask(`/api/v1/auto-mailing/accounts/${own.id}/`, "GET", `tma ${own.initData}`, { RATE_LIMIT }),
    ).toEqual({
      status: 429,
      retry: "60",
      body: { detail: "Request was throttled. Expected available in 60 seconds." },
    });
    expect(asked).toEqual([`telegram:${own.id}`]);
  });
});

describe("without checks (TELEGRAM_AUTH=none)", () => {
  const ask = async (path: string) => {
    const request = new Request(`https://xabar.test${path}`);
    return app().fetch(request, { ...env, TELEGRAM_AUTH: "none" } as Env, createExecutionContext());
  };

  it("anybody may act for any user, and nobody writes users", async () => {
    const own = await createTelegramUser();
    const answer = await ask(`/api/v1/auto-mailing/accounts/${own.id}/`);
    expect([answer.status, await answer.json()]).toEqual([200, []]);
    expect((await ask(`/api/v1/auto-mailing/accounts/${unique()}/`)).status).toBe(404);
    expect((await ask("/telegram/users/")).status).toBe(401);
  });
});

it("without TELEGRAM_BOT_TOKEN only operators are let in", async () => {
  const own = await createTelegramUser();
  const ask = async (authorization: string) => {
    const request = new Request(`https://xabar.test/api/v1/auto-mailing/accounts/${own.id}/`, {
      headers: { authorization },
    });
    return (await app().fetch(request, { ...env, TELEGRAM_BOT_TOKEN: "" } as Env, createExecutionContext()))
      .status;
  };
  expect(await ask(`tma ${own.initData}`)).toBe(401);
  expect(await ask(`tma ${await signInitData(own.id, {}, "")}`)).toBe(401);
  expect(await ask(`Bearer ${await operatorToken()}`)).toBe(200);
});

describe("an operator's token", async () => {
  const token = await operatorToken();
  const ofEmail = routesOf(emailService as never, emailDoor).filter(({ isOpen }) => !isOpen);
  const ofHub = routesOf(hub() as never, null).filter(({ path }) => path.startsWith("/api/posts/"));

  it.each([...guardedRoutes, ...ofEmail, ...ofHub])(
    "does not open $method $path",
    async ({ method, path }) => {
      const url = `https://xabar.test${fillOther(path, { accountId: `c${"0".repeat(24)}`, provider: "google" })}`;
      const response = await exports.default.fetch(
        new Request(url, { method, headers: { authorization: `Bearer ${token}` } }),
      );
      await response.body?.cancel();
      expect(response.status).toBe(401);
    },
  );
});

describe("what is not there", async () => {
  const user = await createTelegramUser();

  it.each([
    "/api/v1/auto-mailing",
    "/api/v1/auto-mailing/status",
    "/ru/api/v1/auto-mailing/nothing",
    "/telegram",
  ])("%s is 404", async (path) => {
    for (const slash of ["", "/"])
      expect(
        await send(`Bearer ${await operatorToken()}`, { method: "GET", path: `${path}${slash}` }),
      ).toMatchObject({
        status: 404,
        body: { error: "not_found" },
      });
  });

  it.each([
    ["PUT", "/status/{id}/", "GET, HEAD"],
    ["POST", "/mailing/{id}/", "GET, HEAD, PATCH"],
    ["GET", "/mailing/{id}/interval/", "PATCH"],
    ["DELETE", "/mailing/{id}/start/", "POST"],
    ["PATCH", "/groups/{id}/", "GET, HEAD"],
  ])("%s %s is 405 in Django's words", async (method, path, allow) => {
    const answer = await user.call(method, path);
    expect([answer.status, answer.body]).toEqual([405, { detail: `Method "${method}" not allowed.` }]);
    expect(answer.headers.get("allow")).toBe(allow);
  });
});
