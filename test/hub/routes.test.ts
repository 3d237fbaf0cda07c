import { createExecutionContext } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { authenticate as emailDoor } from "../../src/email-service/middleware.ts";
import { app as emailService, owns as ownedByEmail } from "../../src/email-service/routes.ts";
import { readToken } from "../../src/hub/auth/tokens.ts";
import { authenticate } from "../../src/hub/middleware.ts";
import { app, owns } from "../../src/hub/routes.ts";
import { call, createClient, signToken } from "../support/client.ts";
import { emailClient } from "../support/email-client.ts";
import { createPerson, hubContext } from "../support/hub-client.ts";
import { operations } from "../support/hub-contract.ts";
import { fill as fillOther, guardedRoutes, type Route, routesOf, withoutRules } from "../support/routes.ts";

/** Every parameter is called `:id`. Open routes are limited by address. Add each new route here, and to visibility.test.ts. */
const TABLE = `
DELETE /api/accounts/account/block/:id user
DELETE /api/accounts/account/contact/:id user
DELETE /api/accounts/account/location user
DELETE /api/accounts/account/status user
DELETE /api/accounts/admin/user/:id staff
DELETE /api/chat/files/:id user
DELETE /api/chat/message/:id user
DELETE /api/chat/rooms/:id user
DELETE /api/posts/comment/:id user
DELETE /api/posts/like/:id user
DELETE /api/posts/post/:id user
DELETE /api/stories/active/:id user
DELETE /api/stories/archive/:id user
DELETE /api/stories/reaction/:id user
GET /api/accounts/account/block user
GET /api/accounts/account/block/:id user
GET /api/accounts/account/check/username user
GET /api/accounts/account/contact user
GET /api/accounts/account/contact/:id user
GET /api/accounts/account/location/:id user
GET /api/accounts/account/profile user
GET /api/accounts/account/profile/:id open
GET /api/accounts/account/search/:id user
GET /api/accounts/account/status user
GET /api/accounts/account/user/:id user
GET /api/accounts/admin/user staff
GET /api/accounts/admin/user/:id staff
GET /api/chat/files user
GET /api/chat/members/:id/list_members user
GET /api/chat/message/:id/list_by_room user
GET /api/chat/rooms user
GET /api/chat/rooms/:id user
GET /api/comments/comment open
GET /api/posts/:id/comments user
GET /api/posts/:id/likes user
GET /api/posts/:id/views user
GET /api/posts/post user
GET /api/posts/post/:id user
GET /api/stories/active user
GET /api/stories/active/:id user
GET /api/stories/active/:id/stories user
GET /api/stories/archive user
GET /api/stories/archive/:id user
GET /api/stories/reaction user
GET /api/stories/viewed user
GET /media/:id open
GET /ws/chat/:id open
PATCH /api/accounts/account/contact/:id user
PATCH /api/accounts/account/profile user
PATCH /api/chat/message/:id user
PATCH /api/chat/rooms/:id user
PATCH /api/posts/comment/:id user
PATCH /api/posts/post/:id user
PATCH /api/stories/active/:id user
PATCH /api/stories/reaction/:id user
POST /api/accounts/account/block user
POST /api/accounts/account/change-email user
POST /api/accounts/account/change-email/confirm user
POST /api/accounts/account/contact user
POST /api/accounts/account/delete user
POST /api/accounts/account/delete/confirm user
POST /api/accounts/account/location user
POST /api/accounts/account/status user
POST /api/accounts/auth/email-verify open
POST /api/accounts/auth/forgot-password open
POST /api/accounts/auth/logout user
POST /api/accounts/auth/oauth2/google open
POST /api/accounts/auth/reset-password/:id open
POST /api/accounts/auth/signin open
POST /api/accounts/auth/signup open
POST /api/accounts/auth/token/refresh open
POST /api/chat/files user
POST /api/chat/members/:id/add_member user
POST /api/chat/members/:id/join user
POST /api/chat/members/:id/leave user
POST /api/chat/members/:id/remove_admin user
POST /api/chat/members/:id/remove_member user
POST /api/chat/members/:id/set_admin user
POST /api/chat/members/:id/transfer_owner user
POST /api/chat/rooms user
POST /api/chat/rooms/:id/clear_messages user
POST /api/chat/ticket user
POST /api/comments/comment open
POST /api/posts/comment user
POST /api/posts/like user
POST /api/posts/post user
POST /api/posts/views user
POST /api/stories/active user
POST /api/stories/reaction user
POST /api/stories/viewed user
PUT /api/accounts/account/contact/:id user
PUT /api/accounts/account/location user
PUT /api/accounts/account/status user
`;

const routes: Route[] = routesOf(app() as never, authenticate);
const guarded = routes.filter(({ isOpen }) => !isOpen);

/** Ids that nothing has, in the form that the route's parameters want. */
const fill = (path: string): string =>
  withoutRules(path).replace(/:(\w+)/g, () =>
    /^\/(api\/(posts|chat\/(rooms|members|message))|ws)\//.test(path) ? crypto.randomUUID() : "999999999",
  );

const lineOf = ({ method, path }: Route, access: string): string =>
  `${method} ${withoutRules(path).replace(/:\w+/g, ":id")} ${access}`;

async function accessOf(route: Route): Promise<"open" | "user" | "staff"> {
  if (route.isOpen) return "open";
  const person = await createPerson();
  return (await person.call(route.method, fill(route.path))).status === 403 ? "staff" : "user";
}

it("the routes equal the table", async () => {
  const lines = await Promise.all(routes.map(async (route) => lineOf(route, await accessOf(route))));
  expect(lines.sort()).toEqual(TABLE.trim().split("\n"));
});

it("have every operation of the contract", () => {
  const has = ({ method, pattern }: (typeof operations)[number]) =>
    routes.some((route) => route.method === method && pattern.test(fill(route.path)));
  const missing = operations.filter((operation) => !has(operation)).map(({ name }) => name);
  expect(missing).toEqual([]);
});

describe("without a token, an address over its limit is refused", () => {
  const full = { ...env, OPEN_RATE_LIMIT: { limit: async () => ({ success: false }) } };

  it.each(routes)("$method $path", async ({ method, path }) => {
    const headers = { "cf-connecting-ip": "192.0.2.1" };
    const request = new Request(`https://xabar.test${fill(path)}`, { method, headers });
    const response = await app().fetch(request, full, createExecutionContext());
    await response.body?.cancel();
    expect(response.status).toBe(429);
  });
});

it("are the module's own, and of no other", () => {
  for (const { path } of routes) {
    for (const each of [fill(path), `${fill(path)}/`]) {
      expect(owns(each), each).toBe(true);
      expect(ownedByEmail(each), each).toBe(false);
    }
  }
});

it.each([
  "/api",
  "/api/accounts",
  "/api/accounts/auth",
  "/api/accounts/c123/x",
  "/api/compose/send",
  "/media",
  "/health",
  "/inbox",
])("leave %s to others", (path) => {
  expect(owns(path)).toBe(false);
});

/** What opens no guarded door: the name, and the token. */
async function uselessTokens(): Promise<[string, string | null][]> {
  const person = await createPerson();
  const { sessionId } = await readToken(hubContext().config, person.token, "access");
  const claims = {
    sub: String(person.id),
    sid: sessionId,
    token_type: "access",
    iss: "xabar-hub",
    aud: "uzbekhub",
  };
  const secret = hubContext().config.HUB_JWT_SECRET ?? "";
  const without = (name: keyof typeof claims) => {
    const { [name]: _, ...rest } = claims;
    return signToken(rest, "1h", secret);
  };
  expect((await call(await signToken(claims, "1h", secret), "GET", "/api/posts/nothing/")).status).toBe(404);
  return [
    ["no token", null],
    ["a refresh token", person.refresh],
    ["an expired token", await signToken(claims, Math.floor(Date.now() / 1000) - 1, secret)],
    ["the EMS's secret", await signToken(claims)],
    ["a token of the EMS", (await createClient()).token],
    ["a token of the Email Service", (await emailClient({ role: "admin" })).token],
    ["no issuer", await without("iss")],
    ["no audience", await without("aud")],
    ["no kind", await without("token_type")],
    [
      "another's session",
      await signToken({ ...claims, sub: String((await createPerson()).id) }, "1h", secret),
    ],
  ];
}

describe("without a valid token", async () => {
  const tokens = await uselessTokens();

  it.each([...guarded, { method: "GET", path: "/api/posts/nothing" }])(
    "$method $path is 401",
    async ({ method, path }) => {
      const body = ["GET", "DELETE"].includes(method) ? undefined : {};
      for (const [name, token] of tokens) {
        for (const slash of ["", "/"]) {
          const answer = await call(token, method, `${fill(path)}${slash}`, body);
          const detail = token
            ? "Given token not valid for any token type"
            : "Authentication credentials were not provided.";
          expect([answer.status, answer.body], name).toEqual([401, { detail }]);
          expect(answer.headers.get("www-authenticate")).toBe("Bearer");
        }
      }
    },
  );
});

describe("a token of the hub", async () => {
  const { token, refresh } = await createPerson({ is_staff: 1 as never });
  const ofEmail = routesOf(emailService as never, emailDoor).filter(({ isOpen }) => !isOpen);

  it.each([...guardedRoutes, ...ofEmail])("does not open $method $path", async ({ method, path }) => {
    for (const each of [token, refresh]) {
      const url = `https://xabar.test${fillOther(path, { accountId: `c${"0".repeat(24)}`, provider: "google" })}`;
      const headers = { authorization: `Bearer ${each}` };
      const response = await exports.default.fetch(new Request(url, { method, headers }));
      await response.body?.cancel();
      expect(response.status).toBe(401);
    }
  });
});

describe("what is not there", () => {
  it.each([
    ["GET", "/api/posts/nothing"],
    ["DELETE", "/api/posts/post"],
    ["POST", "/api/chat/messages"],
    ["GET", "/api/accounts/auth/nothing"],
    ["GET", "/ws/chat/1"],
  ])("%s %s is 404 in the contract's shape", async (method, path) => {
    const person = await createPerson();
    for (const slash of ["", "/"])
      expect(await person.call(method, `${path}${slash}`)).toMatchObject({
        status: 404,
        body: { error: "Resource not found" },
      });
  });
});
