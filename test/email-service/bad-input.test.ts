import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { authenticate } from "../../src/email-service/middleware.ts";
import { app } from "../../src/email-service/routes.ts";
import { cuid } from "../../src/lib/cuid.ts";
import {
  accountInput,
  createAccount,
  type EmailClient,
  emailClient,
  folderOf,
  inMailbox,
  messageOf,
} from "../support/email-client.ts";
import { routesOf, withoutRules } from "../support/routes.ts";

const routes = routesOf(app as never, authenticate).filter(({ isOpen }) => !isOpen);

let client: EmailClient;
let ids: Record<string, string>;
beforeAll(async () => {
  client = await emailClient();
  const { id } = await createAccount(client);
  const folder = folderOf();
  const mail = messageOf(id, { folderId: folder.id });
  await inMailbox(id, (mailbox) => {
    mailbox.listed = [folder];
    mailbox.mails = [mail];
  });
  const attachmentId = mail.attachments[0]!.id;
  ids = { accountId: id, folderId: folder.id, messageId: mail.id, attachmentId, taskId: `${id}-${cuid()}` };
});

/** As without limits, which thousands of requests would reach. */
const unlimited = {
  ...env,
  RATE_WINDOW: {
    getByName: () => ({ take: async () => ({ isAllowed: true, remaining: 1, reset: Date.now() }) }),
  },
} as unknown as Env;

async function ask(method: string, path: string, init: { body?: BodyInit; headers?: HeadersInit } = {}) {
  const request = new Request(`https://xabar.test${path}`, {
    method,
    headers: { authorization: `Bearer ${client.token}`, "content-type": "application/json", ...init.headers },
    ...(init.body === undefined ? {} : { body: init.body }),
  });
  const execution = { waitUntil: () => {}, passThroughOnException: () => {}, props: {} } as never;
  const response = await app.fetch(request, unlimited, execution);
  return { status: response.status, text: await response.text() };
}

const fill = (path: string, given: Record<string, string> = ids): string =>
  withoutRules(path).replace(/:(\w+)/g, (_, name: string) => given[name] ?? "google");

const NASTY = [
  ...["\u0000", "a\u0000b", "\ud800", "a\udc00b", "\ufffe\uffff", "\u202eabc", "\r\n", "\u2028", "\t"],
  ...[
    "__proto__",
    "constructor",
    "../..",
    ".",
    "%00",
    "'; DROP TABLE es_accounts; --",
    "{{7*7}}",
    "-1",
    "1e999",
  ],
  ...["x".repeat(20_000), " ", ""],
];

const nastyText = fc.constantFrom(...NASTY);
const nastyJson = fc.oneof(
  nastyText,
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(-1, 1.5, 1e21, null, [], {}),
);

/** Bodies that are valid, to be spoilt in one field. */
const valid: Record<string, () => object> = {
  "POST /api/accounts": () => accountInput(),
  "PUT /api/accounts/:accountId": () => ({ accountName: "A", port: 143, isSyncEnabled: true }),
  "PATCH /api/:accountId/messages/:messageId": () => ({ isRead: true, labels: ["a"] }),
  "POST /api/sync/:accountId": () => ({ force: true, folders: [ids.folderId] }),
  "POST /api/compose/send": () => ({
    accountId: ids.accountId,
    to: ["a@example.com"],
    subject: "S",
    body: "B",
  }),
  "POST /api/compose/draft": () => ({ accountId: ids.accountId, subject: "S" }),
  "POST /oauth/:provider/start": () => accountInput({ returnTo: "/" }),
};

const written = routes.filter(({ method, path }) => `${method} ${withoutRules(path)}` in valid);

it("every route with a JSON body is spoilt", () => {
  expect(written).toHaveLength(Object.keys(valid).length);
});

describe("whatever is sent, the answer has the contract's shape, and is never an error of ours", () => {
  it.each(written)("$method $path with a spoilt field", async ({ method, path }) => {
    const fields = valid[`${method} ${withoutRules(path)}`]!;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.keys(fields())), nastyJson, async (field, value) => {
        const body = JSON.stringify({ ...fields(), [field]: value });
        const { status, text } = await ask(method, fill(path), { body });
        expect(status, `${field}: ${body.slice(0, 300)} ${text}`).toBeLessThan(500);
      }),
      { numRuns: 60 },
    );
  });

  it.each(written)("$method $path with a body that is no object", async ({ method, path }) => {
    for (const body of [
      "",
      "{",
      "[]",
      "null",
      "1",
      '"x"',
      '{"a":1}}',
      "\u0000",
      '{"__proto__":{"isAdmin":true}}',
    ]) {
      const { status, text } = await ask(method, fill(path), { body });
      const isAllowed = status < 300 && /sync|PUT|PATCH|draft/.test(`${method} ${path}`);
      expect(isAllowed || [400, 404].includes(status), `${body}: ${status} ${text}`).toBe(true);
    }
  });

  it.each(routes)("$method $path with nasty ids and parameters", async ({ method, path }) => {
    await fc.assert(
      fc.asyncProperty(nastyText, nastyText, async (id, value) => {
        const names = Object.keys(ids).filter((name) => name !== "accountId");
        const given = { ...ids, ...Object.fromEntries(names.map((name) => [name, safely(id)])) };
        const query = new URLSearchParams({ limit: value, offset: value, verify: value, sort: value });
        const init = method === "GET" || method === "DELETE" ? {} : { body: "{}" };
        // The account of the other tests stays.
        if (method === "DELETE") return;
        const { status, text } = await ask(method, `${fill(path, given)}?${query}`, init);
        expect(status, text).toBeLessThan(500);
      }),
      { numRuns: 30 },
    );
  });
});

/** A segment of a path. */
const safely = (text: string): string => encodeURIComponent(text.toWellFormed()).slice(0, 2000) || "x";

describe("a body", () => {
  const send = (body: BodyInit, headers: HeadersInit = {}) =>
    ask("POST", "/api/compose/send", { body, headers });

  it("of more than 5 MB, 16 levels or 10,000 values is refused", async () => {
    const mail = { accountId: ids.accountId, to: ["a@example.com"], subject: "S" };
    for (const extra of [
      { body: "x".repeat(5 * 1024 * 1024) },
      { body: "B", deep: JSON.parse("[".repeat(17) + "]".repeat(17)) },
      { body: "B", many: Array(10_001).fill(0) },
    ]) {
      const { status, text } = await send(JSON.stringify({ ...mail, ...extra }));
      expect([status, JSON.parse(text).message]).toEqual([400, expect.stringMatching(/^body: /)]);
    }
  });

  it("of another type is refused", async () => {
    for (const type of ["text/plain", "application/xml", ""])
      expect((await send("{}", { "content-type": type })).status).toBe(400);
  });
});
