import { exports } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { type Answered, type Client, createClient, unique } from "./support/client.ts";
import { fill, guardedRoutes } from "./support/routes.ts";

const absent = () => crypto.randomUUID();

interface BodySpec {
  route: string;
  good: () => Record<string, unknown>;
  required: string[];
  /** Invalid values by field. */
  bad: Record<string, unknown[]>;
}

const NO_TEXT = [1, true, {}, ["x"]];
const NO_UUID = [1, true, "", "x", absent().slice(1), `${absent()}0`, `{${absent()}}`, {}, [absent()]];
const NO_EMAIL = [
  "",
  "x",
  "x@",
  "@x.example",
  "a b@x.example",
  "a@x.example, b@x.example",
  "a@x.example\r\nb",
];
const NO_RECIPIENTS = [
  ...["a@x.example", 1, {}, { email: "a@x.example" }, ["a@x.example"], [null], [[]], [{}], [{ name: "x" }]],
  ...NO_EMAIL.map((email) => [{ email }]),
  ...NO_TEXT.map((email) => [{ email }]),
  ...NO_TEXT.map((name) => [{ email: "a@x.example", name }]),
  [{ email: "a@x.example" }, { email: "x" }],
  [{ email: "a@x.example", name: "A\r\nBcc: c@x.example" }],
  Array.from({ length: 501 }, () => ({ email: "a@x.example" })),
];

/** Invalid values of the optional fields of every mail. */
const NO_EXTRAS = {
  attachment_ids: ["x", {}, ["x"], [1], [null], Array.from({ length: 21 }, absent), Array(2).fill(absent())],
  undo_seconds: ["1", -1, 61, 1.5, true, {}],
  send_at: [1, "", "x", "2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z", "2030-13-01T00:00:00Z", "2030-01-01"],
};

const mail = {
  good: () => ({
    email_account_id: absent(),
    to: [{ email: "a@x.example", name: "A" }],
    subject: "Hello",
    body_html: "<p>Hello</p>",
  }),
  required: ["email_account_id", "to", "subject", "body_html"],
  bad: {
    email_account_id: [null, ...NO_UUID],
    to: [null, [], ...NO_RECIPIENTS],
    cc: NO_RECIPIENTS,
    bcc: NO_RECIPIENTS,
    subject: [null, ...NO_TEXT, "a\nb", "a\rb", "a\r\nBcc: c@x.example", "x".repeat(999)],
    body_html: [null, ...NO_TEXT],
    body_text: NO_TEXT,
    reply_to_message_id: NO_UUID,
    ...NO_EXTRAS,
  },
};

/** Invalid values of what a person writes in a reply or a forward. The rest comes from the original mail. */
const written = {
  body_html: [null, ...NO_TEXT],
  body_text: NO_TEXT,
  subject: [...NO_TEXT, "a\nb", "x".repeat(999)],
  email_account_id: NO_UUID,
  cc: NO_RECIPIENTS,
  bcc: NO_RECIPIENTS,
  ...NO_EXTRAS,
};

const { undo_seconds: _undo, send_at: _later, ...ofMail } = mail.bad;
const draft = {
  ...ofMail,
  to: [null, ...NO_RECIPIENTS],
  attachment_ids: [
    ...["x", absent(), 1, {}, { 0: absent() }, [absent(), "x"], Array.from({ length: 21 }, absent)],
    ...NO_UUID.map((id) => [id]),
  ],
};

const BODIES: BodySpec[] = [
  {
    route: "POST /accounts",
    good: () => ({ company_id: unique(), email_address: `a${unique()}@demo.example` }),
    required: ["company_id", "email_address"],
    bad: {
      company_id: [null, "1", 1.5, true, {}, [1], 2 ** 53, -(2 ** 53), 1e300],
      email_address: [null, ...NO_TEXT, ...NO_EMAIL, `${"x".repeat(320)}@x.example`],
      display_name: [...NO_TEXT, "a\nb", "x".repeat(201)],
      provider: [null, ...NO_TEXT, "", "x".repeat(51)],
      grant_id: [...NO_TEXT, "", "x".repeat(201)],
    },
  },
  {
    route: "POST /accounts/connect",
    good: () => ({ code: "nothing", state: "0".repeat(64) }),
    required: ["code", "state"],
    bad: {
      code: [null, ...NO_TEXT, "", "x".repeat(2001)],
      state: [null, ...NO_TEXT, "", "x", "A".repeat(64), "0".repeat(65)],
    },
  },
  {
    route: "PATCH /accounts/:account_id",
    good: () => ({ display_name: "Support" }),
    required: [],
    bad: {
      display_name: [...NO_TEXT, "a\nb", "x".repeat(201)],
      status: [null, ...NO_TEXT, "", "Active", "deleted", "constructor"],
    },
  },
  { route: "POST /messages/send", ...mail },
  { route: "POST /messages/:message_id/reply", ...mail },
  {
    route: "POST /messages/:message_id/reply-all",
    good: () => ({ body_html: "<p>Hello</p>" }),
    required: ["body_html"],
    bad: written,
  },
  {
    route: "POST /messages/:message_id/forward",
    good: () => ({ to: [{ email: "a@x.example" }], body_html: "<p>Hello</p>" }),
    required: ["to", "body_html"],
    bad: { ...written, to: [null, [], ...NO_RECIPIENTS] },
  },
  {
    route: "POST /drafts",
    good: () => ({ email_account_id: absent(), subject: "Hello" }),
    required: ["email_account_id"],
    bad: draft,
  },
  { route: "PATCH /drafts/:draft_id", good: () => ({ subject: "Hello" }), required: [], bad: draft },
  {
    route: "PATCH /inbox",
    good: () => ({ ids: [absent()], changes: { is_read: true } }),
    required: ["ids", "changes"],
    bad: {
      ids: [null, ...NO_TEXT, [], [null], ["x"], Array.from({ length: 101 }, absent)],
      changes: [null, ...NO_TEXT, [], {}, { is_read: null }, { is_starred: 1 }, { is_archived: "true" }],
    },
  },
  {
    route: "PATCH /conversations",
    good: () => ({ thread_ids: [absent()], changes: { is_read: true } }),
    required: ["thread_ids", "changes"],
    bad: {
      thread_ids: [null, ...NO_TEXT, [], [null], ["x"], Array.from({ length: 101 }, absent)],
      changes: [null, ...NO_TEXT, [], {}, { is_read: null }, { is_starred: 1 }, { is_archived: "true" }],
    },
  },
  {
    route: "PATCH /conversations/:thread_id",
    good: () => ({ is_archived: true }),
    required: [],
    bad: { is_read: [null, 1, "true", {}], is_starred: [null, 0, []], is_archived: [null, "toggle"] },
  },
  {
    route: "PATCH /threads/:thread_id",
    good: () => ({ do_not_delete: true }),
    required: [],
    bad: { do_not_delete: [null, 1, "true", {}, [true]] },
  },
  {
    route: "POST /threads/:thread_id/presence",
    good: () => ({ state: "viewing" }),
    required: ["state"],
    bad: { state: [null, ...NO_TEXT, "", "Viewing", "away", "constructor"] },
  },
  {
    route: "PUT /companies/:company_id",
    good: () => ({ name: "Acme" }),
    required: ["name"],
    bad: { name: [null, ...NO_TEXT, "", "   ", "x".repeat(201)] },
  },
  {
    route: "POST /webhooks/deliveries/replay",
    good: () => ({ state: "parked" }),
    required: [],
    bad: {
      state: [null, ...NO_TEXT, "", "applied"],
      type: [null, ...NO_TEXT, "x".repeat(201)],
      account_id: [null, ...NO_TEXT, "", "x"],
      before: [null, ...NO_TEXT, "", "yesterday", "2026-01-01"],
    },
  },
];

/** Routes without a required body. The optional bodies of stars and drafts have tests of their own. */
const BODILESS = [
  ...["read", "unread", "star", "unstar", "archive", "unarchive"].map(
    (change) => `PATCH /inbox/:inbox_id/${change}`,
  ),
  "PATCH /inbox/threads/:thread_id/read",
  "POST /webhooks/deliveries/:delivery_id/replay",
  "POST /drafts/:draft_id/send",
  "POST /sse/ticket",
  "POST /outbox/:outbox_id/cancel",
  "POST /companies/:company_id/move",
];

/** Lists, with unknown parameters that look like filters. */
const UNKNOWN: Record<string, string[]> = {
  "GET /inbox": ["isRead=true", "q=salom", "Page=2", "constructor=1"],
  "GET /inbox/unread-counts": ["account_id=1"],
  "GET /conversations": ["page=2", "folder=sent", "q=salom"],
  "GET /messages": ["is_read=true", "limit=5"],
  "GET /threads": ["is_read=false", "sort=asc"],
  "GET /drafts": ["user_id=7"],
  "GET /outbox": ["page=2", "state=queued"],
  "GET /accounts": ["company_id=5", "page=1"],
  "GET /accounts/connect": ["login_hint=x", "state=x"],
  "GET /companies": ["name=x"],
  "GET /contacts": ["query=x", "page=2", "cursor=x"],
  "GET /me": ["name=x"],
  "GET /users": ["page=2", "name=x"],
  "GET /webhooks/deliveries": ["page=2"],
  "GET /events": ["cursor=x"],
};

describe.each(Object.entries(UNKNOWN))("a query of %s", (route, queries) => {
  it.each(queries)("is 400 with %s, and names the parameter", async (query) => {
    const { status, body } = await client.call("GET", `${route.slice(4)}?${query}`);
    const name = query.split("=")[0];
    expect(status).toBe(400);
    expect(body.detail).toMatch(new RegExp(`^${name}: is not a parameter of this route; it takes `));
    expect(body.errors).toContainEqual({ path: name, message: expect.any(String) });
  });
});

describe("an absent field", () => {
  it("is reported as missing, not as malformed", async () => {
    const { body } = await client.call("POST", "/messages/send", { to: [{}], subject: "x" });
    expect(body.errors).toEqual([
      { path: "email_account_id", message: "is missing" },
      { path: "to.0.email", message: "is missing" },
      { path: "body_html", message: "is missing" },
    ]);
    const malformed = await client.call("POST", "/messages/send", { ...mail.good(), email_account_id: "7" });
    expect(malformed.body.detail).toBe("email_account_id: must be a UUID");
  });
});

/** Tested in ems/uploads.test.ts. */
const OF_FILES = ["POST /attachments"];

const QUERIES: Record<string, Record<string, string[]>> = {
  "GET /messages": {},
  "GET /threads": {},
  "GET /drafts": {},
  "GET /inbox": { is_read: ["maybe", "", "1", "TRUE", "true&is_read=false"] },
  "GET /conversations": {
    view: ["", "Inbox", "outbox", "inbox,sent", "sent&view=all"],
    is_read: ["true", "", "0", "FALSE"],
    thread_id: ["x", "", absent().slice(1)],
  },
};

/** Lists by cursor only, for which a page number is an unknown parameter. */
const PAGELESS = ["GET /conversations"];

const IN_EVERY_LIST: Record<string, string[]> = {
  page: ["0", "-1", "abc", "1.5", "", "NaN", "Infinity", "1e400", "9007199254740993", "1&page=2", "[]", "1;"],
  size: ["0", "-1", "101", "x", "1.5", "", "100000", "5&size=5"],
  cursor: ["", "x", "%00", "MTIz", "a".repeat(501), "'--"],
  account_id: ["xyz", "", "1", "null", `${absent()}x`, `${absent()}&account_id=${absent()}`, "%00", "'--"],
};

const BAD_IDS = ["x", "1", "null", "%00", "%ff", "'--", absent().slice(1), `${absent()}0`];

let client: Client;
beforeEach(async () => {
  client = await createClient();
});

function expectRefusal(
  { status, body }: Answered<{ detail: string; errors?: unknown }>,
  field: string,
): void {
  expect(status, JSON.stringify(body)).toBe(400);
  expect(body.detail.startsWith(field), `${body.detail} names ${field}`).toBe(true);
  const { errors = [], ...rest } = body;
  expect(Object.keys(rest)).toEqual(["detail"]);
  for (const error of errors as unknown[]) {
    expect(error).toEqual({ path: expect.any(String), message: expect.any(String) });
  }
}

it("every guarded route with a body is tested", () => {
  const writing = guardedRoutes.filter(({ method }) => ["POST", "PUT", "PATCH"].includes(method));
  const tried = [...BODIES.map(({ route }) => route), ...BODILESS, ...OF_FILES];
  expect(tried.sort()).toEqual(writing.map(({ method, path }) => `${method} ${path}`).sort());
});

describe.each(BODIES)("a body of $route", ({ route, good, required, bad }) => {
  const [method = "", path = ""] = route.split(" ");
  const company_id = () => String(client.claims.companies[0]);
  const send = (body: unknown, headers?: HeadersInit) =>
    client.call(method, fill(path, { company_id: company_id() }), body, headers);
  const goodJson = () => JSON.stringify(good());

  it.each(["", "{", '{"a":1', "{a:1}", "undefined", "NaN", '{"a":1}}', "\ufeff{", "\u0000", "'x'"])(
    "is 400 as %j, which is no JSON",
    async (text) => expectRefusal(await send(text), "body"),
  );

  it.each(["[]", '"text"', "null", "1", "true", "[{}]"])(
    "is 400 as %s, which is not an object",
    async (text) => expectRefusal(await send(text), "body"),
  );

  it.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "application/jsonx",
    "x",
  ])("is 400 with the content type %s", async (type) =>
    expectRefusal(await send(goodJson(), { "content-type": type }), "content-type"),
  );

  it("is 400 without a content type, and as an absent body where one is required", async () => {
    const url = `https://xabar.test${fill(path, { company_id: company_id() })}`;
    const headers = { authorization: `Bearer ${client.token}` };
    for (const body of [new TextEncoder().encode(goodJson()), ...(required.length ? [undefined] : [])]) {
      const init = { method, headers, ...(body ? { body } : {}) };
      const response = await exports.default.fetch(new Request(url, init));
      const answered = { status: response.status, headers: response.headers, body: await response.json() };
      expectRefusal(answered as Answered<{ detail: string }>, "content-type");
    }
  });

  it("is 400 above 5 MB, with and without a Content-Length", async () => {
    const large = JSON.stringify({ ...good(), padding: "x".repeat(5 * 1024 * 1024) });
    expectRefusal(await send(large), "body: is larger");
    const url = `https://xabar.test${fill(path, { company_id: company_id() })}`;
    const headers = { authorization: `Bearer ${client.token}`, "content-type": "application/json" };
    const body = new Response(large).body!.pipeThrough(new TransformStream());
    const response = await exports.default.fetch(new Request(url, { method, headers, body }));
    expect([response.status, await response.json()]).toEqual([
      400,
      { detail: expect.stringMatching(/larger/) },
    ]);
  });

  it("is 400 when it is nested 100,000 levels deep", async () => {
    for (const [open, close] of [
      ["[", "]"],
      ['{"a":', "}"],
    ] as const) {
      const deep = `${open.repeat(1e5)}1${close.repeat(1e5)}`;
      if (open === "[") expectRefusal(await send(deep), "body");
      const inside = `${goodJson().slice(0, -1)},"deep":${deep}}`;
      expect((await send(inside)).status).toBeLessThan(500);
    }
  });

  for (const field of required) {
    it(`is 400 without ${field}`, async () => {
      const { [field]: _, ...rest } = good();
      expectRefusal(await send(rest), `${field}: `);
      // Inherited properties do not count.
      expectRefusal(await send(`{"__proto__":${goodJson()}}`), "");
    });
  }

  for (const [field, values] of Object.entries(bad)) {
    it.each(values.map((value) => [JSON.stringify(value).slice(0, 60), value]))(
      `is 400 with %s as ${field}`,
      async (_, value) => {
        const refused = await send({ ...good(), [field]: value });
        expectRefusal(refused, field);
        expect(refused.body.errors[0].path.split(".")[0]).toBe(field);
      },
    );
  }

  it("may have unknown keys", async () => {
    const more = '"__proto__":{"role":"admin"},"constructor":{"prototype":{}},"toString":1,"":2';
    const plain = await send(good());
    expect(plain.body).not.toHaveProperty("errors");
    expect((await send(`${goodJson().slice(0, -1)},${more}}`)).status).toBe(plain.status);
    expect(({} as Record<string, unknown>).role).toBeUndefined();
  });
});

describe.each(Object.entries(QUERIES))("a query of %s", (route, own) => {
  const [method = "", path = ""] = route.split(" ");

  for (const [field, values] of Object.entries({ ...IN_EVERY_LIST, ...own })) {
    it.each(values)(`is 400 with %s as ${field}`, async (value) => {
      for (const slash of ["", "/"]) {
        expectRefusal(await client.call(method, `${path}${slash}?${field}=${value}`), `${field}: `);
      }
    });
  }

  it("is 400 with an unknown parameter, even a strange one", async () => {
    for (const query of ["__proto__=1&__proto__=2", "constructor=x", "page[]=0", "%=", "%ff=%ff", "Size=1"]) {
      expect((await client.call(method, `${path}?${query}`)).status, query).toBe(400);
    }
  });

  it("may be empty", async () => {
    for (const query of ["", "&&"]) {
      expect((await client.call(method, `${path}?${query}`)).status, query).toBe(200);
    }
  });

  it.skipIf(PAGELESS.includes(route))("may ask for a page past the end", async () => {
    for (const page of ["2", "1000", "1000000"]) {
      const { body } = await client.call(method, `${path}?page=${page}&size=100`);
      expect(body).toEqual({ items: [], total: 0, page: Number(page), size: 100, next_cursor: null });
    }
  });
});

it("an error lists all problems, in the order of the route's schema", async () => {
  const { body } = await client.call("GET", "/messages/?account_id=y&cursor=!!&size=x&page=0");
  expect(body.detail).toBe("page: must be at least 1");
  expect(body.errors.map(({ path }: { path: string }) => path)).toEqual([
    "page",
    "size",
    "cursor",
    "account_id",
  ]);
});

/** Nylas's notification ids have no fixed format: an unknown one is 404. */
const withUuid = guardedRoutes.filter(({ path }) => path.includes(":") && !path.includes(":delivery_id"));

describe.each(withUuid)("an id in $method $path", (route) => {
  const name = /:(\w+)/.exec(route.path)?.[1] ?? "";
  const good = BODIES.find((spec) => spec.route === `${route.method} ${route.path}`)?.good();
  const ask = (id: string) => client.call(route.method, fill(route.path, { [name]: id }), good);
  const bad = name === "company_id" ? ["x", "1.5", "9007199254740993", "1e400", "NaN", "%00"] : BAD_IDS;

  it.each(bad)("is 400 as %s", async (id) => expectRefusal(await ask(id), `${name}: `));

  it("is 404 when it is unknown, also in upper case", async () => {
    const id = name === "company_id" ? String(unique()) : absent();
    expect((await ask(id)).status).toBe(404);
    expect((await ask(id.toUpperCase())).status).toBe(404);
  });
});
