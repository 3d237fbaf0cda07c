import { exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createClient } from "./support/client.ts";
import { fill, guardedRoutes, parametersOf, type Route, registered, routes } from "./support/routes.ts";

/**
 * Public routes check a key of their own, if any. The role `admin` is checked before the rest of the request. Add each
 * new route here and to the tables of isolation.test.ts and bad-input.test.ts.
 */
const TABLE = `
DELETE /accounts/:account_id user
DELETE /companies/:company_id admin
DELETE /drafts/:draft_id user
GET /accounts user
GET /accounts/:account_id user
GET /accounts/:account_id/sync user
GET /accounts/connect user
GET /accounts/connect/callback public
GET /attachments/:attachment_id/download user
GET /attachments/message/:message_id user
GET /companies user
GET /companies/:company_id/move admin
GET /contacts user
GET /conversations user
GET /drafts user
GET /drafts/:draft_id user
GET /drafts/:draft_id/files user
GET /events user
GET /files/:key{[a-z]+/.+} public
GET /health public
GET /inbox user
GET /inbox/:inbox_id user
GET /inbox/unread-counts user
GET /me user
GET /messages user
GET /messages/:message_id user
GET /messages/:message_id/compose user
GET /messages/:message_id/html user
GET /metrics public
GET /outbox user
GET /outbox/:outbox_id user
GET /sse/events public
GET /threads user
GET /threads/:thread_id user
GET /users user
GET /webhooks/deliveries admin
GET /webhooks/nylas public
PATCH /accounts/:account_id user
PATCH /conversations user
PATCH /conversations/:thread_id user
PATCH /drafts/:draft_id user
PATCH /inbox user
PATCH /inbox/:inbox_id/archive user
PATCH /inbox/:inbox_id/read user
PATCH /inbox/:inbox_id/star user
PATCH /inbox/:inbox_id/unarchive user
PATCH /inbox/:inbox_id/unread user
PATCH /inbox/:inbox_id/unstar user
PATCH /inbox/threads/:thread_id/read user
PATCH /threads/:thread_id user
POST /accounts user
POST /accounts/connect user
POST /attachments user
POST /companies/:company_id/move admin
POST /drafts user
POST /drafts/:draft_id/send user
POST /messages/:message_id/forward user
POST /messages/:message_id/reply user
POST /messages/:message_id/reply-all user
POST /messages/send user
POST /outbox/:outbox_id/cancel user
POST /sse/ticket user
POST /threads/:thread_id/presence user
POST /webhooks/deliveries/:delivery_id/replay admin
POST /webhooks/deliveries/replay admin
POST /webhooks/nylas public
PUT /companies/:company_id admin
`;

async function ask({ method, path }: Route, slash: "" | "/", authorization?: string): Promise<Response> {
  const headers = authorization === undefined ? {} : { authorization };
  const url = `https://xabar.test${fill(path)}${slash}`;
  return exports.default.fetch(new Request(url, { method, headers, redirect: "manual" }));
}

async function accessOf(route: Route): Promise<"public" | "user" | "admin"> {
  if (route.isOpen) return "public";
  const agent = await createClient({ role: "agent" });
  const { status, body } = await agent.call(route.method, fill(route.path));
  return status === 403 && body.detail === 'This needs the role "admin"' ? "admin" : "user";
}

/** The response of a route, with or without a trailing slash. */
async function answers(route: Route, slash: "" | "/", authorization?: string): Promise<object> {
  const response = await ask(route, slash, authorization);
  const isJson = response.headers.get("content-type")?.includes("json");
  const body = isJson ? await response.json() : null;
  if (!isJson) await response.body?.cancel();
  return { status: response.status, location: response.headers.get("location"), body };
}

describe("without a valid token", () => {
  const refusals = [
    { name: "no token", authorization: undefined },
    { name: "garbage", authorization: "Bearer garbage" },
    { name: "an empty token", authorization: "Bearer " },
    { name: "another scheme", authorization: "Basic dXNlcjpwYXNzd29yZA==" },
  ];

  for (const { name, authorization } of refusals) {
    it.each(guardedRoutes)(`$method $path is 401 with ${name}`, async (route) => {
      for (const slash of ["", "/"] as const) {
        const response = await ask(route, slash, authorization);
        expect(response.status).toBe(401);
        expect(await response.json()).toEqual({ detail: "Invalid or expired token" });
      }
    });
  }

  it("an unknown path is also 401, so that strangers cannot discover paths", async () => {
    const response = await exports.default.fetch("https://xabar.test/no/such/path");
    expect(response.status).toBe(401);
  });

  it("a public path is not public for other methods", async () => {
    for (const { path } of routes.filter(({ isOpen }) => isOpen)) {
      for (const method of ["PUT", "PATCH", "DELETE"]) {
        const response = await ask({ method, path, isOpen: true }, "");
        expect(response.status, `${method} ${path}`).toBe(/health|metrics/.test(path) ? 405 : 401);
      }
    }
  });
});

it("the routes equal the table", async () => {
  const lines = await Promise.all(
    routes.map(async (route) => `${route.method} ${route.path} ${await accessOf(route)}`),
  );
  expect(lines.sort()).toEqual(TABLE.trim().split("\n"));
});

it("every route declares exactly one response", () => {
  expect(routes.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([...registered].sort());
});

it.each(routes)("$method $path has a schema of the parameters in its path, if any", (route) => {
  const named = [...route.path.matchAll(/:(\w+)(?!\w*\{)/g)].map(([, name]) => name);
  expect(parametersOf(route).param ?? []).toEqual(named);
});

/** Bodies that differ each time. */
const ANOTHER_EACH_TIME: Record<string, object> = {
  "/sse/ticket": { body: { ticket: expect.any(String), expires_in: 60 } },
  "/health": {
    body: {
      ...{ status: "healthy", service: "email_service", timestamp: expect.any(Number) },
      parts: expect.any(Object),
    },
  },
};

it.each(routes)("$method $path returns the same with and without a trailing slash", async (route) => {
  const { token } = await createClient();
  const authorization = `Bearer ${token}`;
  const without = await answers(route, "", authorization);
  expect(await answers(route, "/", authorization)).toEqual({ ...without, ...ANOTHER_EACH_TIME[route.path] });
  expect(without).toMatchObject({ location: null });
  // An unknown path would also return the same 404 twice.
  expect(without).not.toMatchObject({ body: { detail: "Not found" } });
});
