import { exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { app as front } from "../../src/app.ts";
import { authenticate } from "../../src/email-service/middleware.ts";
import { app, owns } from "../../src/email-service/routes.ts";
import { app as ems } from "../../src/ems/routes.ts";
import { cuid } from "../../src/lib/cuid.ts";
import { createClient, signToken } from "../support/client.ts";
import {
  accountInput,
  createAccount,
  emailClient,
  folderOf,
  inMailbox,
  messageOf,
} from "../support/email-client.ts";
import { operations } from "../support/email-contract.ts";
import { type Route, routesOf, sharedBy, withoutRules } from "../support/routes.ts";

/** Public routes check a cookie of their own. Add each new route here. */
const TABLE = `
DELETE /api/accounts/:accountId user
GET /api/:accountId/attachments/:attachmentId/download user
GET /api/:accountId/folders user
GET /api/:accountId/folders/:folderId/messages user
GET /api/:accountId/messages/:messageId user
GET /api/accounts user
GET /api/accounts/:accountId user
GET /api/sync/task/:taskId user
GET /oauth/:provider/callback public
PATCH /api/:accountId/messages/:messageId user
POST /api/:accountId/attachments user
POST /api/accounts user
POST /api/compose/draft user
POST /api/compose/send user
POST /api/sync/:accountId user
POST /oauth/:provider/start user
PUT /api/accounts/:accountId user
`;

const routes: Route[] = routesOf(app as never, authenticate);
const guarded = routes.filter(({ isOpen }) => !isOpen);

/** Fills a path with the ids of something, or with ids that do not exist. */
const fill = (path: string, ids: Record<string, string> = {}): string =>
  withoutRules(path).replace(
    /:(\w+)/g,
    (_, name: string) => ids[name] ?? (name === "provider" ? "google" : cuid()),
  );

const bodyFor = ({ method, path }: Route, accountId = cuid()): unknown => {
  if (path.endsWith("/send") || path.endsWith("/draft"))
    return { accountId, to: ["a@example.com"], subject: "Salom", body: "Salom!" };
  if (path === "/api/accounts" || path.endsWith("/start")) return accountInput();
  return method === "GET" || method === "DELETE" ? undefined : {};
};

it("the routes equal the table", () => {
  const lines = routes.map(
    ({ method, path, isOpen }) => `${method} ${withoutRules(path)} ${isOpen ? "public" : "user"}`,
  );
  expect(lines.sort()).toEqual(TABLE.trim().split("\n"));
});

it("have every operation of the contract; GET /health is the front's", () => {
  const has = ({ method, pattern }: (typeof operations)[number]) =>
    routes.some((route) => route.method === method && pattern.test(fill(route.path)));
  const missing = operations.filter((operation) => !has(operation)).map(({ name }) => name);
  expect(operations).toHaveLength(15);
  expect(missing).toEqual(["GET /health"]);
});

it("share no path with another module, and the module owns every path of its own", () => {
  const others = [front.own, ems].flatMap(({ routes }) => routes);
  const patterns = others.filter(({ method, path }) => method !== "ALL" && path !== "/*");
  expect(sharedBy(routes, patterns)).toEqual([]);
  for (const { path } of routes) {
    expect(owns(fill(path)), path).toBe(true);
    expect(owns(`${fill(path)}/`), path).toBe(true);
  }
});

it.each([
  "/accounts",
  "/api",
  "/api/accountsx",
  "/api/accounts/auth/signin",
  "/api/accounts/account/profile",
  "/api/chat/messages",
  "/api/chat/folders",
  "/api/posts/attachments/1/download",
  "/api/cuid123456/folders",
  "/oauth/yahoo/start",
])("leave %s to others", (path) => {
  expect(owns(path)).toBe(false);
  expect(owns(`${path}/`)).toBe(false);
});

describe("without a valid token", () => {
  it.each(guarded)("$method $path is 401 in the contract's shape", async (route) => {
    const ems = await createClient();
    const stranger = await signToken({ tenant_id: "not-a-uuid", user_id: crypto.randomUUID(), role: "user" });
    for (const token of [undefined, "garbage", ems.token, stranger]) {
      const { method, path } = route;
      const headers = { ...(token ? { authorization: `Bearer ${token}` } : {}) };
      const request = new Request(`https://xabar.test${fill(path)}`, { method, headers });
      const response = await exports.default.fetch(request);
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
      expect(await response.json()).toEqual({
        ...{ error: "Unauthorized", message: "Missing or invalid JWT token" },
        ...{ code: "UNAUTHENTICATED", timestamp: expect.any(Number) },
      });
    }
  });

  it("a token of this module opens no door of the EMS", async () => {
    const { token } = await emailClient({ role: "admin" });
    const headers = { authorization: `Bearer ${token}` };
    for (const path of ["/inbox", "/me", "/accounts", "/companies"])
      expect((await exports.default.fetch(`https://xabar.test${path}`, { headers })).status, path).toBe(401);
  });
});

describe("another's account is 404 on every route", async () => {
  const owner = await emailClient();
  const { id } = await createAccount(owner);
  const folder = folderOf();
  const mail = messageOf(id, { folderId: folder.id });
  await inMailbox(id, (mailbox) => {
    mailbox.listed = [folder];
    mailbox.mails = [mail];
  });
  const sync = await owner.call("POST", `/api/sync/${id}`);
  const ids = {
    ...{ accountId: id, folderId: folder.id, messageId: mail.id, taskId: sync.body.taskId },
    attachmentId: mail.attachments[0]!.id,
  };
  const strangers = {
    "another tenant's user": await emailClient(),
    "another tenant's admin": await emailClient({ role: "admin" }),
    "another user of the tenant": await emailClient({ tenant_id: owner.claims.tenant_id }),
    "the same user id in another tenant": await emailClient({ user_id: owner.claims.user_id }),
  };
  const named = guarded.filter(({ path }) => /:(accountId|taskId)|compose/.test(path));

  it.each(named.flatMap((route) => Object.keys(strangers).map((name) => ({ ...route, name }))))(
    "$method $path for $name",
    async ({ name, ...route }) => {
      const stranger = strangers[name as keyof typeof strangers];
      const form = new FormData();
      form.append("file", new File(["bytes"], "a.txt"));
      const isUpload = route.path.endsWith("/attachments");
      const url = `https://xabar.test${fill(route.path, ids)}`;
      const { status, body } = isUpload
        ? await upload(url, stranger.token, form)
        : await stranger.call(route.method, fill(route.path, ids), bodyFor(route, id));
      expect([status, body.error, body.code]).toEqual([404, "Not found", "NOT_FOUND"]);
    },
  );

  it("and is as it was", async () => {
    const { status, body } = await owner.call("GET", `/api/accounts/${id}`);
    expect([status, body.state]).toEqual([200, "syncing"]);
    const methods = await inMailbox(id, ({ calls }) => calls.map(({ method }) => method));
    expect(methods.filter((method) => !["status", "configure", "sync"].includes(method))).toEqual([]);
  });
});

async function upload(url: string, token: string, body: FormData) {
  const headers = { authorization: `Bearer ${token}` };
  const response = await exports.default.fetch(new Request(url, { method: "POST", headers, body }));
  return { status: response.status, body: (await response.json()) as { error: string; code: string } };
}

describe("what is not there", () => {
  it.each([
    ["GET", "/api/accounts/cuid123456"],
    ["GET", `/api/${cuid()}/nothing`],
    ["GET", "/api/sync/nothing/else"],
    ["POST", "/api/compose/nothing"],
  ])("%s %s is 404 in the contract's shape, with the limit's headers", async (method, path) => {
    const client = await emailClient();
    const { status, body, headers } = await client.call(method, path, method === "POST" ? {} : undefined);
    expect([status, body.error, body.code]).toEqual([404, "Not found", "NOT_FOUND"]);
    expect(headers.get("x-ratelimit-remaining")).toBe("49");
  });

  it("another method of a path is 405 and names those there are", async () => {
    const client = await emailClient();
    const { status, body, headers } = await client.call("DELETE", "/api/accounts");
    expect([status, body.code, headers.get("allow")]).toEqual([405, "METHOD_NOT_ALLOWED", "GET, HEAD, POST"]);
  });
});
