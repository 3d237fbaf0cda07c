import { exports } from "cloudflare:workers";
import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { AccountResponse } from "../src/ems/accounts/responses.ts";
import { type Client, connectMailbox, createClient, unique } from "./support/client.ts";
import { fill, type Route, routes } from "./support/routes.ts";

const NASTY = [
  ...[
    "\u0000",
    "a\u0000b",
    "\ud800",
    "a\udc00b",
    "\ufffe\uffff",
    "\u202eabc",
    "\ud83d\ude00",
    "\r\n",
    "\u2028",
  ],
  ...["__proto__", "constructor", "../..", ".", "%00", "%ff", "'; DROP TABLE ems_messages; --", "{{7*7}}"],
  ...["NaN", "-0", "1e999", "9007199254740993", "x".repeat(20_000)],
];

let client: Client;
let account: AccountResponse;
let messageId: string;
beforeAll(async () => {
  client = await createClient();
  account = await connectMailbox(client);
  const to = [{ email: "a@out.example" }];
  const mail = { email_account_id: account.id, to, subject: "Hello", body_html: "<p>Hello</p>" };
  messageId = (await client.call("POST", "/messages/send", mail)).body.id;
});

describe("text with invalid characters", () => {
  const texts = NASTY.filter((text) => text.length < 200).map((text) => [JSON.stringify(text), text]);

  /** A lone surrogate in a failure message would break the connection to Vitest. */
  const escaped = (value: unknown) => JSON.stringify(value);

  /** The text is refused, or stored exactly as the response shows it. It is never changed silently. */
  const expectRefusedOrKept = async (
    written: { status: number; body: Record<string, unknown> },
    field: string,
    read: () => Promise<unknown>,
  ) => {
    expect([200, 201, 400], escaped(written.body)).toContain(written.status);
    if (written.status !== 400) expect(escaped(await read())).toBe(escaped(written.body[field]));
  };

  it.each(texts)("%s as a company's name", async (_, name) => {
    const company = client.claims.companies[0];
    const written = await client.call("PUT", `/companies/${company}`, { name });
    await expectRefusedOrKept(
      written,
      "name",
      async () => (await client.call("GET", "/companies")).body[0].name,
    );
  });

  it.each(texts)("%s as an account's name", async (_, display_name) => {
    const path = `/accounts/${account.id}`;
    const written = await client.call("PATCH", path, { display_name });
    await expectRefusedOrKept(
      written,
      "display_name",
      async () => (await client.call("GET", path)).body.display_name,
    );
    await client.call("PATCH", path, { display_name: null });
  });

  it.each(texts)("%s as a grant", async (_, grant_id) => {
    const create = { company_id: account.company_id, email_address: `a${unique()}@demo.example`, grant_id };
    const { status, body } = await client.call("POST", "/accounts", create);
    expect({ status, body }).toMatchObject({
      status: 400,
      body: { detail: expect.stringMatching(/^grant_id: /) },
    });
  });

  it.each(texts)("%s in a mail", async (_, text) => {
    const sent = await client.call("POST", "/messages/send", {
      email_account_id: account.id,
      to: [{ email: "a@out.example" }],
      subject: text,
      body_html: `<p>${text}</p>`,
      body_text: text,
    });
    for (const field of ["subject", "body_html", "body_text", "snippet"]) {
      await expectRefusedOrKept(
        sent,
        field,
        async () => (await client.call("GET", `/messages/${sent.body.id}`)).body[field],
      );
    }
  });
});

const text = fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.constantFrom(...NASTY));
const anything = fc.oneof(
  text,
  fc.jsonValue({ stringUnit: "binary" }),
  fc.constantFrom(null, -1, 2 ** 53, 1e300),
);

/** Placeholders for the caller's own ids. They are filled in when the request is sent. */
const OWN = { company: "own-company", account: "own-account", message: "own-message" };

const withOwn = (value: string): string =>
  value
    .replaceAll(`"${OWN.company}"`, String(account.company_id))
    .replaceAll(OWN.company, String(account.company_id))
    .replaceAll(OWN.account, account.id)
    .replaceAll(OWN.message, messageId);

/** Nearly valid bodies: fields of the API with values of any type. */
const fields = fc.record(
  {
    company_id: fc.oneof(fc.constant(OWN.company), anything),
    email_address: fc.oneof(fc.emailAddress(), anything),
    display_name: anything,
    provider: anything,
    grant_id: anything,
    status: fc.oneof(fc.constantFrom("active", "syncing"), anything),
    do_not_delete: anything,
    name: anything,
    email_account_id: fc.oneof(fc.constant(OWN.account), anything),
    to: fc.oneof(fc.array(fc.record({ email: fc.emailAddress(), name: text })), anything),
    cc: anything,
    subject: anything,
    body_html: anything,
    body_text: anything,
    reply_to_message_id: fc.oneof(fc.constant(OWN.message), anything),
  },
  { requiredKeys: [] },
);

/** Valid bodies with arbitrary texts. */
const mail = fc.record({
  email_account_id: fc.constant(OWN.account),
  to: fc.array(fc.record({ email: fc.emailAddress(), name: text }), { minLength: 1, maxLength: 3 }),
  subject: text,
  body_html: text,
  body_text: text,
});
const named = fc.record({
  company_id: fc.constant(OWN.company),
  email_address: fc.emailAddress(),
  display_name: text,
  name: text,
});

const body = fc.oneof(
  fc.oneof(fields, mail, named).map((value) => JSON.stringify(value)),
  fc.json({ stringUnit: "binary" }),
  text,
);

const QUERY_NAMES = [
  ...["page", "size", "is_read", "account_id", "challenge", "token"],
  ...["X-Amz-Date", "X-Amz-Expires", "X-Amz-Signature", "X-Amz-Algorithm"],
];
const queryValue = fc.oneof(
  text,
  fc.integer().map(String),
  fc.constantFrom("true", "false", "1", OWN.account, "20991231T000000Z"),
);
const query = fc.array(fc.tuple(fc.oneof(fc.constantFrom(...QUERY_NAMES), text), queryValue), {
  maxLength: 5,
});

const headerNames = [
  ...["content-type", "content-encoding", "accept", "accept-encoding", "x-request-id", "x-nylas-signature"],
  ...[
    "idempotency-key",
    "range",
    "if-none-match",
    "if-range",
    "origin",
    "cookie",
    "x-forwarded-for",
    "upgrade",
  ],
];
const headerValue = fc.oneof(
  fc.string(),
  fc.constantFrom("application/json", "gzip", "bytes=0-1", "bytes=9-1", "bytes=-0", "x=1,;y", "0".repeat(64)),
);
const headers = fc.dictionary(fc.constantFrom(...headerNames), headerValue, { maxKeys: 4 });

const param = fc.oneof(
  fc.uuid(),
  fc.constantFrom(...Object.values(OWN)),
  fc.integer().map(String),
  text.map((value) => encodeURIComponent(value.toWellFormed()).replaceAll(".", "%2e") || "x"),
  fc.constantFrom("%", "%ff", "%E0%A4%A", "attachments/1/x"),
);

const request = fc.record({
  route: fc.constantFrom(...routes),
  slash: fc.constantFrom("", "/"),
  param,
  query,
  headers,
  body,
});

async function send({
  route,
  slash,
  param,
  query,
  headers,
  body,
}: {
  route: Route;
  slash: string;
  param: string;
  query: [string, string][];
  headers: Record<string, string>;
  body: string;
}): Promise<Response> {
  const names = ["account_id", "message_id", "thread_id", "inbox_id", "attachment_id", "company_id"];
  const ids = { ...Object.fromEntries(names.map((name) => [name, param])), key: `attachments/${param}` };
  const search = new URLSearchParams(
    query.map(([name, value]) => [name.toWellFormed(), value.toWellFormed()]),
  );
  return exports.default.fetch(
    new Request(withOwn(`https://xabar.test${fill(route.path, ids)}${slash}?${search}`), {
      method: route.method,
      headers: { "content-type": "application/json", ...headers, authorization: `Bearer ${client.token}` },
      ...(route.method === "GET" ? {} : { body: new TextEncoder().encode(withOwn(body)) }),
    }),
  );
}

it("no input to any route ends in a 5xx", async () => {
  const property = fc.asyncProperty(request, async (input) => {
    const response = await send(input);
    const isJson = response.headers.get("content-type")?.startsWith("application/json");
    const answer = isJson ? await response.json() : await response.body?.cancel();
    expect(response.status, JSON.stringify(answer)).toBeLessThan(500);
    expect(response.headers.get("x-request-id")).toBeTruthy();
    if (response.status >= 400) expect(answer).toMatchObject({ detail: expect.any(String) });
  });
  await fc.assert(property, { numRuns: 300 });
});
