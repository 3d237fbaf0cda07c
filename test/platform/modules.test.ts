import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { modules } from "../../src/app.ts";
import { authenticate as emailServiceDoor } from "../../src/email-service/middleware.ts";
import { app as emailService } from "../../src/email-service/routes.ts";
import { emailService as emailServiceModule } from "../../src/email-service/worker.ts";
import { presign } from "../../src/ems/attachments/presign.ts";
import { createContext } from "../../src/ems/context.ts";
import { app as ems } from "../../src/ems/routes.ts";
import { ems as emsModule } from "../../src/ems/worker.ts";
import { authenticate as hubDoor } from "../../src/hub/middleware.ts";
import { app as hub } from "../../src/hub/routes.ts";
import { hub as hubModule } from "../../src/hub/worker.ts";
import { createFront, publicBase } from "../../src/platform/front.ts";
import type { Module } from "../../src/platform/module.ts";
import { createWorker } from "../../src/platform/worker.ts";
import { app as telegram } from "../../src/telegram/routes.ts";
import { telegram as telegramModule } from "../../src/telegram/worker.ts";
import { createClient, unique } from "../support/client.ts";
import { db } from "../support/db.ts";
import { createNotesTable, notesApp, notesModule, signNotesToken } from "../support/notes.ts";
import { fill, guardedRoutes, routesOf, sharedBy } from "../support/routes.ts";

const both: Module[] = [...modules, notesModule]; // the one line that mounts it
const front = createFront(both);
const worker = createWorker(front, both);

const sent: unknown[] = [];
const NOTES_JOBS = { send: async (job: unknown) => void sent.push(job) };
const bindings = { ...env, NOTES_JOBS } as unknown as Env;
const withModules = (MODULES: unknown): Env => ({ ...bindings, MODULES }) as Env;

beforeAll(() => createNotesTable(env.NOTES_DB));
afterEach(() => vi.restoreAllMocks());

interface Asked {
  token?: string;
  body?: object;
  on?: Env;
  host?: string;
}

async function ask(
  method: string,
  path: string,
  { token, body, on = bindings, host = "xabar.test" }: Asked = {},
) {
  const context = createExecutionContext();
  const request = new Request(`https://${host}${path}`, {
    method,
    headers: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(body ? { "content-type": "application/json" } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const response = await front.fetch(request, on, context);
  const text = await response.text();
  await waitOnExecutionContext(context);
  return { status: response.status, body: text.startsWith("{") ? JSON.parse(text) : text };
}

async function createNote(text: string, sub = `reader ${unique()}`) {
  const token = await signNotesToken(sub);
  const created = await ask("POST", "/notes", { token, body: { text } });
  expect(created.status).toBe(201);
  return { token, id: created.body.id as string };
}

describe("two modules behind one entry", () => {
  it("return errors in the shape of their own contract", async () => {
    const { token } = await createClient();
    const notesToken = await signNotesToken("reader");
    const detail = "Invalid or expired token";
    expect(await ask("GET", "/notes/1")).toEqual({
      status: 401,
      body: { error: "unauthenticated", reason: detail },
    });
    expect(await ask("GET", "/inbox")).toEqual({ status: 401, body: { detail } });
    expect(await ask("GET", "/notes/1", { token: notesToken })).toEqual({
      status: 404,
      body: { error: "not_found", reason: "Note not found" },
    });
    expect(await ask("DELETE", "/notes/1", { token: notesToken })).toMatchObject({
      status: 405,
      body: { error: "method_not_allowed" },
    });
    expect(await ask("POST", "/notes", { token: notesToken, body: {} })).toEqual({
      status: 400,
      body: { error: "invalid", reason: "text: is missing" },
    });
    expect(await ask("GET", "/no/such/path", { token })).toEqual({
      status: 404,
      body: { detail: "Not found" },
    });
  });

  it("have separate data: each its own database and claims", async () => {
    const { token, id } = await createNote("hello");
    expect(await ask("GET", `/notes/${id}`, { token })).toEqual({ status: 200, body: { id, text: "hello" } });
    const another = await signNotesToken("another reader");
    expect((await ask("GET", `/notes/${id}`, { token: another })).status).toBe(404);
    const tables = await db.prepare("SELECT name FROM sqlite_master WHERE name = 'notes'").all();
    expect(tables.results).toEqual([]);
  });

  it("refuse each other's tokens", async () => {
    const { token } = await createClient();
    const notesToken = await signNotesToken("reader");
    expect((await ask("GET", "/notes/1", { token })).status).toBe(401);
    expect((await ask("POST", "/notes", { token, body: { text: "x" } })).status).toBe(401);
    for (const { method, path } of guardedRoutes) {
      const { status } = await ask(method, fill(path), { token: notesToken });
      expect(status, `${method} ${path}`).toBe(401);
    }
    expect((await ask("GET", `/sse/events?token=${notesToken}`)).status).toBe(401);
  });

  it("each add fields to health", async () => {
    expect(await ask("GET", "/health")).toEqual({
      status: 200,
      body: {
        ...{ status: "healthy", service: "email_service", notes: "ready", timestamp: expect.any(Number) },
        parts: expect.any(Object),
      },
    });
  });
});

describe("queues and cron", () => {
  const batchOf = (queue: string, body: unknown) => {
    const message = { id: "1", attempts: 1, body, timestamp: new Date(), ack: vi.fn(), retry: vi.fn() };
    return { message, batch: { queue, messages: [message] } as unknown as MessageBatch };
  };

  it("a queue without a module throws, so that its messages are not deleted", async () => {
    const { batch } = batchOf("notes-jobs-staging", {});
    await expect(worker.queue(batch, bindings, createExecutionContext())).rejects.toThrow(
      "No module has a queue named notes-jobs-staging",
    );
  });

  it("a module's queue delivers its jobs as sent", async () => {
    const { token, id } = await createNote("quiet");
    const job = sent.at(-1);
    expect(job).toEqual({ id, shout: true });
    const { batch, message } = batchOf("notes-jobs", job);
    await worker.queue(batch, bindings, createExecutionContext());
    expect(message.ack).toHaveBeenCalledOnce();
    expect((await ask("GET", `/notes/${id}`, { token })).body.text).toBe("QUIET");
  });

  it("a job that does not match its schema is retried", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const { batch, message } = batchOf("notes-jobs", { id: 7 });
    await worker.queue(batch, bindings, createExecutionContext());
    expect(message.retry).toHaveBeenCalledWith({ delaySeconds: 2 });
    expect(message.ack).not.toHaveBeenCalled();
  });

  it("cron runs in each enabled module, and a failure does not stop the others", async () => {
    const error = vi.spyOn(console, "error").mockImplementation(() => {});
    const { token, id } = await createNote("to be deleted", "nobody");
    const failing = { ...notesModule, name: "failing", scheduled: () => Promise.reject(new Error("broken")) };
    const all = createWorker(front, [failing, notesModule]);
    await all.scheduled({} as ScheduledController, withModules({ notes: false }), createExecutionContext());
    expect((await ask("GET", `/notes/${id}`, { token })).status).toBe(200);
    await all.scheduled({} as ScheduledController, bindings, createExecutionContext());
    expect((await ask("GET", `/notes/${id}`, { token })).status).toBe(404);
    expect(String(error.mock.calls)).toContain("broken");
  });
});

describe("MODULES", () => {
  it("switches a module off: its paths are unknown, and health omits it", async () => {
    const { token } = await createNote("here");
    const on = withModules({ notes: false });
    expect((await ask("GET", "/notes/1", { token, on })).body).toEqual({
      detail: "Invalid or expired token",
    });
    expect((await ask("GET", "/health", { on })).body).not.toHaveProperty("notes");
    const off = { ems: false, "email-service": false, hub: false, telegram: false };
    const onlyNotes = withModules(off);
    expect((await ask("GET", "/inbox", { on: onlyNotes })).body).toMatchObject({ error: "unauthenticated" });
    expect((await ask("GET", "/inbox", { on: withModules({ ...off, notes: false }) })).status).toBe(404);
  });

  it("puts a module below a prefix, and only there", async () => {
    const { token, id } = await createNote("moved");
    const on = withModules('{"notes": {"prefix": "/my/stuff"}}');
    expect((await ask("GET", `/my/stuff/notes/${id}`, { token, on })).body.text).toBe("moved");
    expect((await ask("GET", `/notes/${id}`, { token, on })).body).toHaveProperty("detail");
    expect((await ask("GET", `/my/stuffing/notes/${id}`, { token, on })).body).toHaveProperty("detail");
    const client = await createClient();
    const below = withModules({ ems: { prefix: "/mail" } });
    expect(await ask("GET", "/mail/inbox", { token: client.token, on: below })).toMatchObject({
      status: 200,
    });
    expect((await ask("GET", "/inbox", { token: client.token, on: below })).body).toHaveProperty("error");
  });

  it("a module below the prefix /app keeps its paths: the page of the web inbox comes after it", async () => {
    const { token, id } = await createNote("mine");
    const on = withModules({ notes: { prefix: "/app" } });
    expect((await ask("GET", `/app/notes/${id}`, { token, on })).body.text).toBe("mine");
    expect((await ask("GET", "/app/inbox")).body).toContain("<!doctype html>");
  });

  it("a module below a prefix makes links that lead back to it", async () => {
    const client = await createClient();
    const on = withModules({ ems: { prefix: "/mail" } });
    const key = `attachments/${client.claims.companies[0]}/${crypto.randomUUID()}`;
    await env.ATTACHMENTS.put(key, "the bytes");
    const user = { ...client.claims, name: null, exp: Math.floor(Date.now() / 1000) + 60 };
    const origin = publicBase("https://xabar.test/x", on, "ems");
    const ctx = { ...createContext(on, { waitUntil: () => {} }), user, origin };
    const link = new URL(await presign(ctx, { key, filename: "a.txt", contentType: "text/plain" }));
    expect(link.pathname).toBe(`/mail/files/${key}`);
    expect(await ask("GET", link.pathname + link.search, { on })).toEqual({ status: 200, body: "the bytes" });
    const elsewhere = link.pathname.replace("/mail", "");
    expect((await ask("GET", elsewhere + link.search)).status).toBe(403);
  });

  it("a mailbox's owner comes back below the prefix, and goes on to a path of the host", async () => {
    const { token, claims } = await createClient();
    const on = withModules({ ems: { prefix: "/mail" } });
    const query = `company_id=${claims.companies[0]}&provider=imap&return_to=/app`;
    const { body } = await ask("GET", `/mail/accounts/connect?${query}`, { token, on });
    const page = new URL(body.url);
    expect(page.searchParams.get("redirect_uri")).toBe("https://xabar.test/mail/accounts/connect/callback");
    page.searchParams.set("sim_auto", `prefixed${unique()}@demo.example`);
    const consent = await fetch(page, { redirect: "manual" });
    const back = new Request(consent.headers.get("location") ?? "", { redirect: "manual" });
    const context = createExecutionContext();
    const sent = await front.fetch(back, on, context);
    const { origin, pathname, searchParams } = new URL(sent.headers.get("location") ?? "");
    expect([sent.status, origin + pathname]).toEqual([302, "https://xabar.test/app"]);
    const finish = { token, on, body: Object.fromEntries(searchParams) };
    expect((await ask("POST", "/mail/accounts/connect", finish)).status).toBe(201);
    await waitOnExecutionContext(context);
  });

  it("binds a module to a host, and only to it", async () => {
    const { token, id } = await createNote("hosted");
    const on = withModules({ notes: { host: "notes.test" } });
    expect((await ask("GET", `/notes/${id}`, { token, on, host: "notes.test" })).status).toBe(200);
    expect((await ask("GET", `/notes/${id}`, { token, on })).body).toHaveProperty("detail");
  });

  it.each([
    ["a module that there is not", { nots: false }],
    ["a prefix that is no path", { notes: { prefix: "notes" } }],
    ["what is no JSON", "{notes: off}"],
  ])("with %s is 500, and the log has the reason", async (_, MODULES) => {
    const error = vi.spyOn(console, "error").mockImplementation(() => {});
    const { status, body } = await ask("GET", "/inbox", { on: withModules(MODULES) });
    expect({ status, body }).toEqual({ status: 500, body: { detail: "Internal server error" } });
    expect(String(error.mock.calls)).toMatch(/MODULES/);
  });
});

/** Where an id has a form, or one of few values. */
const IDS = { accountId: `c${"0".repeat(24)}`, provider: "google" };

describe("no request can match routes of two modules", () => {
  const tables = [
    { module: emsModule, routes: routesOf(ems) },
    { module: emailServiceModule, routes: routesOf(emailService as never, emailServiceDoor) },
    { module: hubModule, routes: routesOf(hub() as never, hubDoor) },
    { module: telegramModule, routes: routesOf(telegram() as never) },
    { module: notesModule, routes: routesOf(notesApp) },
  ];

  it("every module is here", () => {
    expect(tables.map(({ module }) => module)).toEqual(both);
  });

  it("each module owns its own routes and no other's", () => {
    for (const { module, routes } of tables) {
      expect(routes.length).toBeGreaterThan(1);
      for (const { path } of routes) {
        for (const each of [fill(path, IDS), `${fill(path, IDS)}/`]) {
          const owners = both.filter(({ owns }) => owns(each)).map(({ name }) => name);
          expect(owners, each).toEqual([module.name]);
        }
      }
    }
  });

  it("no two of their routes match the same path", () => {
    for (const [at, { routes }] of tables.entries())
      for (const others of tables.slice(at + 1)) expect(sharedBy(routes, others.routes)).toEqual([]);
  });

  it.each([
    ["GET /notes/:id", "GET /:anything/:id"],
    ["GET /messages/:message_id", "GET /messages/send"],
    ["POST /api/:account/messages", "POST /api/chat/messages"],
    ["GET /files/:key{[a-z]+/.+}", "GET /files/attachments/a/b"],
  ])("%s and %s overlap", (a, b) => {
    const route = (line: string) => {
      const [method = "", path = ""] = line.split(" ");
      return { method, path };
    };
    expect(sharedBy([route(a)], [route(b)])).toEqual([`${a} and ${b}`]);
  });

  it.each([
    ["GET /notes/:id", "POST /notes/:id"],
    ["GET /api/:id{[0-9a-f-]+}/messages", "GET /api/chat/messages"],
    ["GET /inbox", "GET /inbox/:id"],
  ])("%s and %s do not overlap", (a, b) => {
    const route = (line: string) => {
      const [method = "", path = ""] = line.split(" ");
      return { method, path };
    };
    expect(sharedBy([route(a)], [route(b)])).toEqual([]);
  });
});
